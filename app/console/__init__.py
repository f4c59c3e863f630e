"""The pages of the office, the departments and operations: Starlette, Jinja2, htmx, ECharts, all served from here."""
