"use strict";
// The live part looks every few seconds while the page is seen; the charts every minute.
(() => {
  const LOOK = 3000, DRAW = 60000;
  const charts = new Map();
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const seen = () => document.visibilityState === "visible";
  async function draw() {
    const place = document.getElementById("volumes");
    const answer = await fetch("/api/operations", { headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    const { channels } = await answer.json();
    const hours = Array.from({ length: 24 }, (_, hour) => `${hour}`);
    for (const channel of channels) {
      if (!charts.has(channel.id)) {
        const box = document.createElement("div");
        box.className = "chart";
        box.setAttribute("role", "img");
        place.append(box);
        charts.set(channel.id, echarts.init(box));
      }
      const chart = charts.get(channel.id);
      chart.getDom().setAttribute("aria-label", `${channel.id}: ${place.dataset.today} ${channel.today}`);
      chart.setOption({
        animation: false,
        title: { text: channel.id, textStyle: { fontSize: 13 } },
        tooltip: { trigger: "axis", renderMode: "richText" },
        grid: { left: 40, right: 10, top: 34, bottom: 24 },
        xAxis: { type: "category", data: hours },
        yAxis: { type: "value", minInterval: 1 },
        series: [
          { name: place.dataset.today, type: "bar", data: channel.hours, itemStyle: { color: css("--brand") } },
          { name: place.dataset.expected.trim(), type: "line", step: "middle", symbol: "none", data: channel.expected_hours, lineStyle: { color: css("--focus") }, itemStyle: { color: css("--focus") } },
        ],
      });
    }
  }
  document.addEventListener("DOMContentLoaded", () => {
    draw();
    setInterval(() => seen() && htmx.trigger("#live", "look"), LOOK);
    setInterval(() => seen() && draw(), DRAW);
    window.addEventListener("resize", () => charts.forEach((chart) => chart.resize()));
  });
})();
