/** The data_visualization block as inline SVG, with its figures as a table for people who prefer text. */

import { h, svg } from "../dom.js";

/** A narrow page gets a smaller drawing, not a scaled one: its text must stay readable. */
const widthHere = () => (innerWidth <= 720 ? 330 : 560);
const HEIGHT = 240;
const PLOT = { left: 48, right: 12, top: 12, bottom: 34 };
const TICKS = 4;
const NUMBER = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
const SHORT_NUMBER = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** @param {{title: string | {text: string}, chart: any}} block */
export function chart(block) {
  const title = typeof block.title === "string" ? block.title : (block.title?.text ?? "Chart");
  const { columns, rows, picture } =
    block.chart.type === "pie" ? pie(block.chart, title) : plot(block.chart, title);
  return h(
    "figure",
    { class: "chart" },
    h("figcaption", { dir: "auto" }, title),
    picture,
    h(
      "details",
      {},
      h("summary", {}, "Show figures"),
      h(
        "div",
        { class: "table" },
        h(
          "table",
          {},
          h(
            "thead",
            {},
            h(
              "tr",
              {},
              columns.map((name) => h("th", { scope: "col" }, name)),
            ),
          ),
          h(
            "tbody",
            {},
            rows.map((row) =>
              h(
                "tr",
                {},
                row.map((cell, index) => h("td", { class: index ? "right" : "" }, cell)),
              ),
            ),
          ),
        ),
      ),
    ),
  );
}

const series = (index) => `series-${index + 1}`;

function legend(entries) {
  return h(
    "ul",
    { class: "legend" },
    entries.map((entry, index) =>
      h("li", {}, h("span", { class: `swatch ${series(index)}` }), h("span", { dir: "auto" }, entry)),
    ),
  );
}

function pie({ segments }, title) {
  const total = segments.reduce((sum, segment) => sum + segment.value, 0);
  let from = 0;
  const slices = segments.map((segment, index) => {
    const to = from + segment.value / total;
    const path = svg(
      "path",
      { class: `slice ${series(index)}`, d: ring(from, to) },
      svg("title", {}, `${segment.label}: ${NUMBER.format(segment.value)}`),
    );
    from = to;
    return path;
  });
  const share = (segment) => `${Math.round((segment.value / total) * 100)} %`;
  const drawing = svg(
    "svg",
    { viewBox: "-50 -50 100 100", role: "img", "aria-label": title, class: "pie" },
    slices,
  );
  return {
    columns: ["", "Value", "Share"],
    rows: segments.map((segment) => [segment.label, NUMBER.format(segment.value), share(segment)]),
    picture: h(
      "div",
      { class: "pie-row" },
      drawing,
      legend(segments.map((segment) => `${segment.label} · ${share(segment)}`)),
    ),
  };
}

/** A segment of a ring; from and to are fractions of a turn. */
function ring(from, to) {
  const end = Math.min(to, from + 0.99999);
  const at = (turn, radius) =>
    `${(radius * Math.sin(turn * 2 * Math.PI)).toFixed(3)} ${(-radius * Math.cos(turn * 2 * Math.PI)).toFixed(3)}`;
  const large = end - from > 0.5 ? 1 : 0;
  return `M${at(from, 48)}A48 48 0 ${large} 1 ${at(end, 48)}L${at(end, 27)}A27 27 0 ${large} 0 ${at(from, 27)}Z`;
}

function plot(data, title) {
  const categories = data.axis_config?.categories ?? data.series[0]?.data.map((point) => point.label) ?? [];
  const values = data.series.map((line) =>
    categories.map((label) => line.data.find((point) => point.label === label)?.value ?? 0),
  );
  const scale = scaleOf(values.flat());
  const width = widthHere();
  const step = (width - PLOT.left - PLOT.right) / Math.max(categories.length, 1);
  const space = {
    x: (index) => PLOT.left + step * (index + 0.5),
    y: scale.y,
    step,
    categories,
    names: data.series.map((line) => line.name),
  };
  const marks = data.type === "bar" ? bars(values, space) : lines(values, space, data.type === "area");
  const { x_label: xLabel, y_label: yLabel } = data.axis_config ?? {};
  return {
    columns: ["", ...space.names],
    rows: categories.map((label, index) => [label, ...values.map((list) => NUMBER.format(list[index]))]),
    picture: h(
      "div",
      {},
      yLabel ? h("p", { class: "fine" }, yLabel) : null,
      svg(
        "svg",
        { viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", "aria-label": title },
        grid(scale, width),
        names(space),
        marks,
      ),
      xLabel ? h("p", { class: "fine x-label" }, xLabel) : null,
      legend(space.names),
    ),
  };
}

/** Round steps from zero (or below) to just over the largest value. */
function scaleOf(values) {
  const top = Math.max(0, ...values);
  const low = Math.min(0, ...values);
  const raw = (top - low || 1) / TICKS;
  const power = 10 ** Math.floor(Math.log10(raw));
  const size =
    [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= raw) ?? raw;
  const min = Math.floor(low / size) * size;
  const max = Math.max(Math.ceil(top / size) * size, min + size);
  const height = HEIGHT - PLOT.top - PLOT.bottom;
  const ticks = Array.from({ length: Math.round((max - min) / size) + 1 }, (_, index) => min + index * size);
  return { ticks, y: (value) => PLOT.top + height * (1 - (value - min) / (max - min)) };
}

function grid({ ticks, y }, width) {
  return ticks.map((tick) =>
    svg(
      "g",
      { class: tick === 0 ? "axis" : "grid" },
      svg("line", { x1: PLOT.left, x2: width - PLOT.right, y1: y(tick), y2: y(tick) }),
      svg("text", { x: PLOT.left - 8, y: y(tick) + 4, "text-anchor": "end" }, SHORT_NUMBER.format(tick)),
    ),
  );
}

/** As many category names as fit. */
function names({ x, step, categories }) {
  const longest = Math.max(...categories.map((name) => name.length), 1);
  const every = Math.ceil((Math.min(longest, 12) * 7.5) / step) || 1;
  return categories.map((name, index) =>
    index % every
      ? null
      : svg(
          "text",
          { x: x(index), y: HEIGHT - 10, "text-anchor": "middle" },
          name.length > 12 ? `${name.slice(0, 11)}…` : name,
        ),
  );
}

const tip = (space, seriesIndex, index, value) =>
  svg("title", {}, `${space.names[seriesIndex]}, ${space.categories[index]}: ${NUMBER.format(value)}`);

function bars(values, space) {
  const width = Math.min((space.step * 0.72) / values.length, 40);
  return values.flatMap((list, seriesIndex) =>
    list.map((value, index) => {
      const [top, bottom] = [space.y(Math.max(value, 0)), space.y(Math.min(value, 0))];
      const x = space.x(index) + width * (seriesIndex - values.length / 2);
      return svg(
        "rect",
        {
          class: series(seriesIndex),
          x: x + 1,
          y: top,
          width: width - 2,
          height: Math.max(bottom - top, 0.5),
          rx: 2,
        },
        tip(space, seriesIndex, index, value),
      );
    }),
  );
}

function lines(values, space, filled) {
  return values.flatMap((list, seriesIndex) => {
    const points = list.map((value, index) => `${space.x(index)} ${space.y(value)}`);
    const area = `M${space.x(0)} ${space.y(0)}L${points.join("L")}L${space.x(list.length - 1)} ${space.y(0)}Z`;
    return [
      filled ? svg("path", { class: `area ${series(seriesIndex)}`, d: area }) : null,
      svg("path", { class: `line ${series(seriesIndex)}`, d: `M${points.join("L")}` }),
      list.map((value, index) =>
        svg(
          "circle",
          { class: series(seriesIndex), cx: space.x(index), cy: space.y(value), r: 3.5 },
          tip(space, seriesIndex, index, value),
        ),
      ),
    ];
  });
}
