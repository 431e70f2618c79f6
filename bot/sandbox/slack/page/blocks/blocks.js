/** Block Kit on the page: the rendering function of each block and element. Unsupported ones are named, not hidden. */

import { h, newId } from "../dom.js";
import { icon } from "../icons.js";
import { plain, textNodes } from "../mrkdwn.js";
import { BUTTONS } from "./buttons.js";
import { chart } from "./charts.js";
import { CHOICES } from "./choices.js";
import { FILES } from "./files.js";
import { INPUTS } from "./inputs.js";
import { imageBlock, picture } from "./media.js";
import { Place } from "./place.js";
import { richText } from "./richtext.js";
import { SELECTS } from "./selects.js";
import { dataTable } from "./tables.js";

/** @type {Record<string, (element: any, place: Place) => HTMLElement>} */
const ELEMENTS = {
  ...BUTTONS,
  ...SELECTS,
  ...CHOICES,
  ...INPUTS,
  ...FILES,
  image: (image) => picture(image, "thumbnail"),
};

/** @type {Record<string, (block: any, host: import("./place.js").Host) => HTMLElement>} */
const BLOCKS = {
  section,
  header,
  context,
  actions,
  input,
  divider: () => h("hr", { class: "divider" }),
  image: imageBlock,
  rich_text: richText,
  data_visualization: chart,
  data_table: dataTable,
};

/** @param {any} block @param {import("./place.js").Host} host */
export function renderBlock(block, host) {
  const node = renderSafely(block, host);
  node.classList.add("block");
  node.dataset.blockType = block.type;
  return node;
}

/** One block that fails to render must not break the whole timeline. */
function renderSafely(block, host) {
  try {
    return BLOCKS[block.type]?.(block, host) ?? unsupported("block", block.type);
  } catch (error) {
    console.error("block", block, error);
    return h(
      "div",
      { class: "unsupported" },
      `Can't show this “${block.type}” block. See Payloads for its content.`,
    );
  }
}

function renderElement(element, place) {
  return ELEMENTS[element.type]?.(element, place) ?? unsupported("element", element.type);
}

function unsupported(what, type) {
  return h(
    "div",
    { class: "unsupported" },
    `This page doesn't support the ${what} “${type}”. See Payloads for its content.`,
  );
}

function section(block, host) {
  const { names } = host;
  const accessory = block.accessory;
  return h(
    "div",
    { class: accessory ? `section with-${accessory.type === "image" ? "picture" : "control"}` : "section" },
    h(
      "div",
      { class: "section-main" },
      block.text ? h("div", { class: "text" }, textNodes(block.text, names)) : null,
      block.fields
        ? h(
            "div",
            { class: "fields" },
            block.fields.map((field) => h("div", { class: "text" }, textNodes(field, names))),
          )
        : null,
    ),
    accessory ? h("div", { class: "accessory" }, renderElement(accessory, new Place(host, block))) : null,
  );
}

function header(block) {
  return h("h3", { class: "header", dir: "auto" }, plain(block.text.text, { emoji: block.text.emoji }));
}

function context(block, { names }) {
  const part = (element) =>
    element.type === "image"
      ? picture(element, "context-image")
      : h("span", { class: "text" }, textNodes(element, names));
  return h("div", { class: "context" }, block.elements.map(part));
}

function actions(block, host) {
  const place = new Place(host, block);
  return h(
    "div",
    { class: "actions" },
    block.elements.map((element) => renderElement(element, place)),
  );
}

/** A field: label, element, hint, and room for an error. */
function input(block, host) {
  const ids = { label: newId("label"), hint: newId("hint"), error: newId("error") };
  const place = new Place(host, block, {
    label: block.label.text,
    labelId: ids.label,
    describedBy: `${ids.hint} ${ids.error}`,
    optional: block.optional === true,
    hinted: Boolean(block.hint),
  });
  const focus = () => node.querySelector("[data-action-id]:not([type=radio], [type=checkbox])")?.focus();
  const element = renderElement(block.element, place);
  const typed = element.matches(".box") ? element : element.querySelector("input.box, textarea.box");
  if (typed) typed.id ||= newId("entry");
  const node = h(
    "div",
    { class: "field", data: { testid: "field", blockId: block.block_id } },
    h(
      typed ? "label" : "div",
      { class: "field-label", id: ids.label, for: typed?.id, dir: "auto", on: { click: focus } },
      plain(block.label.text, { emoji: block.label.emoji }),
      block.optional ? h("span", { class: "optional" }, " (optional)") : null,
    ),
    element,
    h("div", { class: "field-error", id: ids.error, data: { testid: "field-error" }, hidden: true }),
    block.hint
      ? h(
          "div",
          { class: "field-hint", id: ids.hint, dir: "auto" },
          plain(block.hint.text, { emoji: block.hint.emoji }),
        )
      : null,
  );
  return node;
}

/** Shows an error under its field, or removes it. @param {HTMLElement} field @param {string | undefined} error */
export function showFieldError(field, error) {
  const note = /** @type {HTMLElement} */ (field.querySelector(".field-error"));
  note.replaceChildren(...(error ? [icon("alert"), h("span", { dir: "auto" }, error)] : []));
  note.hidden = !error;
  field.classList.toggle("wrong", Boolean(error));
  for (const control of field.querySelectorAll("[data-action-id]"))
    control.setAttribute("aria-invalid", String(Boolean(error)));
}
