"use strict";
// The charts show what the tables say; their data is the JSON twin's, their words stand in data attributes.
(() => {
  const COLOURS = ["#1f4e79", "#b35c00", "#1c6b3a", "#7a3b8f"];
  const MOST_UNITS = 15;
  const root = document.getElementById("charts");
  if (!root) return;
  const words = root.dataset;
  const percent = (value) => (value === null ? null : Math.round(value * 1000) / 10);
  const base = {
    color: COLOURS,
    animation: false,
    tooltip: { trigger: "axis", renderMode: "richText", confine: true },
    legend: { top: 4 },
    grid: { left: 12, right: 16, top: 40, bottom: 8, containLabel: true },
  };
  const bars = (names, series, extra = {}) => ({
    ...base,
    xAxis: { type: "category", data: names, axisLabel: { hideOverlap: true } },
    yAxis: { type: "value", ...extra },
    series,
  });
  const options = {
    periods: (data) =>
      bars(
        data.periods.map((row) => row.period),
        [
          { name: words.letters, type: "bar", barMaxWidth: 48, data: data.periods.map((row) => row.letters) },
          { name: words.dispatched, type: "line", data: data.periods.map((row) => row.dispatched) },
          { name: words.replied, type: "line", data: data.periods.map((row) => row.replied) },
        ],
      ),
    units: (data) => {
      const rows = [...data.units].sort((one, other) => other.sent - one.sent).slice(0, MOST_UNITS);
      return {
        ...bars(
          rows.map((row) => row.name),
          [
            { name: words.onTime, type: "bar", data: rows.map((row) => percent(row.on_time_rate)) },
            { name: words.reply, type: "bar", data: rows.map((row) => percent(row.reply_rate)) },
            { name: words.return, type: "bar", data: rows.map((row) => percent(row.return_rate)) },
          ],
          { max: 100, axisLabel: { formatter: "{value}%" } },
        ),
      };
    },
    channels: (data) =>
      bars(
        data.channels.map((row) => row.channel),
        [
          { name: words.letters, type: "bar", barMaxWidth: 48, data: data.channels.map((row) => row.letters) },
          { name: words.matters, type: "bar", barMaxWidth: 48, data: data.channels.map((row) => row.matters) },
        ],
      ),
  };
  const draw = (data) => {
    for (const place of root.querySelectorAll("[data-chart]")) {
      const chart = window.echarts.init(place);
      chart.setOption(options[place.dataset.chart](data));
      window.addEventListener("resize", () => chart.resize());
    }
  };
  fetch(words.source, { headers: { Accept: "application/json" } })
    .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(String(answer.status)))))
    .then(draw)
    .catch(() => {
      // The tables hold the same figures.
      for (const place of root.querySelectorAll("[data-chart]")) place.hidden = true;
    });
})();
