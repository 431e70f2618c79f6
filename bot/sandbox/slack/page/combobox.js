/**
 * A searchable select: single or multiple, with local or remote options.
 *
 * @typedef {import("./listbox.js").Option} Option
 * @typedef {import("./listbox.js").Group} Group
 * @typedef {object} Settings
 * @property {boolean} [multi]
 * @property {string} placeholder
 * @property {string} label its name for screen readers
 * @property {Option[]} selected
 * @property {((query: string) => Group[]) | null} [filter] local options; otherwise `ask` is used
 * @property {(query: string) => Promise<{groups: Group[], error?: string}>} [ask]
 * @property {number} [minQuery] characters before `ask` is called
 * @property {number} [max] maximum number of choices
 * @property {boolean} [clearable]
 * @property {Record<string, any>} inputProps
 * @property {(options: Option[]) => void} onChange after every change
 * @property {(options: Option[]) => void} [onClose] when the list closes with a changed selection
 */

import { arrange, h } from "./dom.js";
import { icon, iconButton } from "./icons.js";
import { Listbox } from "./listbox.js";
import { Popup } from "./popup.js";

const ASK_AFTER_MS = 250;

export class Combobox {
  #asked = 0;
  #timer = 0;
  #before = "";

  /** @param {Settings} settings */
  constructor(settings) {
    this.settings = settings;
    this.selected = settings.selected;
    this.input = h("input", {
      type: "text",
      role: "combobox",
      autocomplete: "off",
      spellcheck: "false",
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      "aria-label": settings.label,
      dir: "auto",
      ...settings.inputProps,
      on: {
        input: () => this.#typed(),
        keydown: (event) => this.#key(event),
        blur: () => this.#close(),
        focus: () => !settings.multi && this.input.select(),
      },
    });
    this.list = new Listbox({
      label: settings.label,
      multi: settings.multi,
      owner: this.input,
      onChoose: (option) => this.#choose(option),
    });
    this.status = h("p", { class: "popup-status", role: "status" });
    this.node = h("div", {
      class: settings.multi ? "combobox multi" : "combobox",
      on: { click: (event) => this.#clicked(event) },
    });
    this.popup = new Popup(this.node, h("div", {}, this.status, this.list.node), {
      minWidth: 220,
      onClose: () => this.#closed(),
    });
    this.chips = h("span", { class: "chips" });
    this.clear = iconButton("close", `Clear ${settings.label}`, (event) => this.#cleared(event), {
      class: "combobox-clear",
    });
    this.node.append(this.chips, this.input, this.clear, icon("chevron"), this.popup.node);
    this.#draw();
  }

  get query() {
    const text = this.input.value.trim();
    return !this.settings.multi && text === (this.selected[0]?.label ?? "") ? "" : text;
  }

  #clicked(event) {
    if (event.target.closest(".popup, .chip button")) return;
    this.input.focus();
    if (this.popup.isOpen && event.target !== this.input) this.#close();
    else this.#open();
  }

  #cleared(event) {
    event.stopPropagation();
    this.#set([]);
    this.#closed();
  }

  #typed() {
    this.#open();
    this.#look();
  }

  #open() {
    if (this.popup.isOpen || this.input.disabled) return;
    this.#before = this.#signature();
    this.popup.open();
    this.input.setAttribute("aria-expanded", "true");
    this.#look();
  }

  #close() {
    this.popup.close();
    this.#draw();
  }

  #closed() {
    clearTimeout(this.#timer);
    this.#asked += 1;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
    if (this.#before !== this.#signature()) this.settings.onClose?.(this.selected);
    this.#before = this.#signature();
  }

  #signature() {
    return JSON.stringify(this.selected.map((option) => option.value));
  }

  #look() {
    const { filter, minQuery = 0 } = this.settings;
    const query = this.query;
    clearTimeout(this.#timer);
    this.#asked += 1;
    if (filter) return this.#show(filter(query));
    if (query.length < minQuery)
      return this.#say(`Type ${minQuery === 1 ? "a character" : `${minQuery} characters`} or more to search`);
    this.#say("Loading…", true);
    this.#timer = setTimeout(() => this.#ask(query, this.#asked), query ? ASK_AFTER_MS : 0);
  }

  /** Shows only the newest query's response. */
  async #ask(query, asked) {
    const { groups, error } = await this.settings.ask(query);
    if (asked !== this.#asked || !this.popup.isOpen) return;
    if (error) this.#say(error);
    else this.#show(groups);
  }

  #show(groups) {
    const count = groups.reduce((sum, group) => sum + group.options.length, 0);
    if (!count) return this.#say("No results");
    this.#say("");
    this.list.show(groups, { selected: new Set(this.selected.map((option) => option.value)) });
    this.popup.place();
  }

  #say(text, busy = false) {
    if (text) this.list.show([]);
    this.status.textContent = text;
    this.status.hidden = !text;
    this.status.classList.toggle("busy", busy);
    this.popup.place();
  }

  #choose(option) {
    if (!this.settings.multi) {
      this.#set([option]);
      return this.#close();
    }
    const without = this.selected.filter((chosen) => chosen.value !== option.value);
    if (without.length < this.selected.length) this.#set(without);
    else if (this.selected.length < (this.settings.max ?? Infinity)) this.#set([...this.selected, option]);
    else return this.#say(`You can choose up to ${this.settings.max}`);
    this.input.value = "";
    this.#look();
  }

  #set(options) {
    this.selected = options;
    this.settings.onChange(options);
    this.#draw();
  }

  #draw() {
    const { multi, placeholder, clearable } = this.settings;
    this.clear.hidden = !clearable || !this.selected.length;
    this.input.placeholder = multi && this.selected.length ? "" : placeholder;
    if (!multi) this.input.value = this.selected[0]?.label ?? "";
    else if (!this.popup.isOpen) this.input.value = "";
    arrange(this.chips, multi ? this.selected.map((option) => this.#chip(option)) : []);
  }

  #chip(option) {
    const remove = () => {
      this.#before ||= this.#signature();
      this.#set(this.selected.filter((chosen) => chosen.value !== option.value));
      if (!this.popup.isOpen) this.#closed();
      this.input.focus();
    };
    return h(
      "span",
      { class: "chip", dir: "auto" },
      option.label,
      h(
        "button",
        { type: "button", "aria-label": `Remove ${option.label}`, on: { click: remove } },
        icon("close"),
      ),
    );
  }

  #key(event) {
    const open = this.popup.isOpen;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (open) this.list.move(event.key === "ArrowDown" ? 1 : -1);
      else this.#open();
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (open) this.list.choose();
      else this.#open();
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      event.stopPropagation();
      this.#close();
    } else if (
      event.key === "Backspace" &&
      this.settings.multi &&
      !this.input.value &&
      this.selected.length
    ) {
      this.#set(this.selected.slice(0, -1));
      if (open) this.#look();
      else this.#closed();
    }
  }
}
