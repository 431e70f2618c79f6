/** The data_table block: its rows in pages, sorted by a press on a column's name. */

import { h } from "../dom.js";
import { richText } from "./richtext.js";

const DEFAULT_PAGE_SIZE = 5;
const COLLATOR = new Intl.Collator("en", { sensitivity: "base" });

/** @param {any} block @param {import("./place.js").Host} host */
export function dataTable(block, host) {
  const [header, ...rows] = block.rows;
  const size = block.page_size ?? DEFAULT_PAGE_SIZE;
  const rowHeader = block.row_header_column_index ?? 0;
  const state = { column: -1, descending: false, page: 0 };
  const body = h("tbody");
  const headings = header.map((cell, index) =>
    h(
      "th",
      { scope: "col" },
      h("button", { type: "button", class: "table-sort", on: { click: () => sort(index) } }, cellText(cell)),
    ),
  );
  const pager = h("div", { class: "table-pages" });

  function sort(column) {
    state.descending = state.column === column && !state.descending;
    state.column = column;
    state.page = 0;
    draw();
  }

  function turn(pages) {
    state.page += pages;
    draw();
  }

  function draw() {
    const sorted = state.column < 0 ? rows : sortRows(rows, state.column, state.descending);
    const start = state.page * size;
    const shown = sorted.slice(start, start + size);
    body.replaceChildren(
      ...shown.map((row) => h("tr", {}, row.map((cell, index) => drawCell(cell, index === rowHeader, host)))),
    );
    headings.forEach((heading, index) => {
      if (index === state.column)
        heading.setAttribute("aria-sort", state.descending ? "descending" : "ascending");
      else heading.removeAttribute("aria-sort");
    });
    pager.hidden = rows.length <= size;
    pager.replaceChildren(
      pageButton("‹", "Previous rows", state.page === 0, () => turn(-1)),
      h("span", {}, `${start + 1}–${start + shown.length} of ${rows.length}`),
      pageButton("›", "Next rows", start + size >= rows.length, () => turn(1)),
    );
  }

  draw();
  return h(
    "div",
    { class: "table", tabindex: 0, role: "region", "aria-label": block.caption },
    h("table", {}, h("caption", { dir: "auto" }, block.caption), h("thead", {}, h("tr", {}, headings)), body),
    pager,
  );
}

function pageButton(sign, label, disabled, turn) {
  return h(
    "button",
    { type: "button", class: "table-turn", "aria-label": label, disabled, on: { click: turn } },
    sign,
  );
}

function drawCell(cell, isHeader, host) {
  const scope = isHeader ? "row" : null;
  const content = cell.type === "rich_text" ? richText(cell, host) : cell.text;
  const align = cell.type === "raw_number" ? "right" : null;
  return h(isHeader ? "th" : "td", { scope, class: align, dir: "auto" }, content);
}

/** As Slack does: by number if the whole column has numbers, else by letters. */
function sortRows(rows, column, descending) {
  const isNumeric = rows.every((row) => row[column].type === "raw_number");
  const compare = (one, other) =>
    isNumeric
      ? one[column].value - other[column].value
      : COLLATOR.compare(cellText(one[column]), cellText(other[column]));
  const sorted = [...rows].sort(compare);
  return descending ? sorted.reverse() : sorted;
}

/** The texts of a cell; those of rich text are in its elements. */
function cellText(cell) {
  if (typeof cell.text === "string") return cell.text;
  return (cell.elements ?? []).map(cellText).join("");
}
