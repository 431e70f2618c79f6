/** The table block. */

import { h } from "../dom.js";
import { richText } from "./richtext.js";

/** @param {any} block @param {import("./place.js").Host} host */
export function table(block, host) {
  const settings = block.column_settings ?? [];
  const [head, ...rows] = block.rows ?? [];
  return h(
    "div",
    { class: "table", tabindex: 0, role: "region", "aria-label": "Table" },
    h(
      "table",
      {},
      head
        ? h(
            "thead",
            {},
            h(
              "tr",
              {},
              head.map((cell, index) => tableCell("th", cell, settings[index], host)),
            ),
          )
        : null,
      h(
        "tbody",
        {},
        rows.map((row) =>
          h(
            "tr",
            {},
            row.map((cell, index) => tableCell("td", cell, settings[index], host)),
          ),
        ),
      ),
    ),
  );
}

function tableCell(tag, cell, setting, host) {
  const align = ["center", "right"].includes(setting?.align) ? setting.align : "";
  return h(
    tag,
    {
      class: `${align} ${setting?.is_wrapped ? "wrapped" : ""}`,
      scope: tag === "th" ? "col" : null,
      dir: "auto",
    },
    content(cell, host),
  );
}

function content(cell, host) {
  if (cell?.type === "rich_text") return richText(cell, host);
  return String(cell?.text ?? cell?.value ?? "");
}
