/**
 * A list of options controlled by another element (a text box, a button).
 * It shows
 * them in groups, marks the active one for screen readers, and reports the choice.
 *
 * @typedef {{value: string, label: string, description?: string, lead?: Node, raw?: any}} Option
 * @typedef {{label: string | null, options: Option[]}} Group
 */

import { arrange, h, newId } from "./dom.js";
import { icon } from "./icons.js";

export class Listbox {
  #rows = /** @type {{option: Option, node: HTMLElement}[]} */ ([]);
  #active = -1;

  /**
   * @param {{label: string, testid?: string, multi?: boolean, owner: HTMLElement,
   *   onChoose: (option: Option) => void}} options owner: the element with the focus
   */
  constructor({ label, testid = "option", multi = false, owner, onChoose }) {
    this.testid = testid;
    this.owner = owner;
    this.onChoose = onChoose;
    this.node = h("div", {
      class: "listbox",
      role: "listbox",
      id: newId("listbox"),
      "aria-label": label,
      "aria-multiselectable": multi ? "true" : null,
      on: { mousedown: (event) => event.preventDefault() },
    });
    owner.setAttribute("aria-controls", this.node.id);
  }

  get length() {
    return this.#rows.length;
  }

  /** @returns {Option | null} */
  get active() {
    return this.#rows[this.#active]?.option ?? null;
  }

  /** @param {Group[]} groups @param {{selected?: Set<string>, active?: number}} [how] */
  show(groups, { selected = new Set(), active = 0 } = {}) {
    this.#rows = [];
    const nodes = groups.map((group) => {
      const rows = group.options.map((option) => this.#row(option, selected.has(option.value)));
      if (group.label === null) return rows;
      const id = newId("group");
      return h(
        "div",
        { role: "group", "aria-labelledby": id },
        h("div", { class: "listbox-group", id }, group.label),
        rows,
      );
    });
    arrange(this.node, nodes.flat());
    this.activate(Math.min(active, this.#rows.length - 1), { scroll: false });
  }

  /** @param {number} step wraps around at both ends */
  move(step) {
    if (!this.#rows.length) return;
    this.activate((this.#active + step + this.#rows.length) % this.#rows.length);
  }

  /** @param {number} index -1 for none */
  activate(index, { scroll = true } = {}) {
    this.#rows[this.#active]?.node.classList.remove("active");
    this.#active = index;
    const row = this.#rows[index];
    if (!row) return this.owner.removeAttribute("aria-activedescendant");
    row.node.classList.add("active");
    this.owner.setAttribute("aria-activedescendant", row.node.id);
    if (scroll) row.node.scrollIntoView({ block: "nearest" });
  }

  choose() {
    if (this.active) this.onChoose(this.active);
  }

  #row(option, selected) {
    const index = this.#rows.length;
    const node = h(
      "div",
      {
        class: "option",
        role: "option",
        id: newId("option"),
        "aria-selected": String(selected),
        data: { testid: this.testid, value: option.value },
        on: {
          pointermove: () => this.#active !== index && this.activate(index, { scroll: false }),
          click: () => this.onChoose(option),
        },
      },
      option.lead ?? null,
      h(
        "span",
        { class: "option-text" },
        h("span", { class: "option-label", dir: "auto" }, option.label),
        option.description
          ? h("span", { class: "option-description", dir: "auto" }, option.description)
          : null,
      ),
      selected ? icon("check") : null,
    );
    this.#rows.push({ option, node });
    return node;
  }
}
