/** "Try these": what the demo suggests to type, at hand beside an open form too. */

import { arrange, h, newId } from "./dom.js";
import { icon, iconButton } from "./icons.js";

const WRITABLE = "input:not([type=radio], [type=checkbox], [type=file]), textarea";

export class Tips {
  #open = false;

  /**
   * Made after the modal, so that it is told of a view only when the dialog stands.
   * @param {import("./hosts.js").Page} page
   * @param {{bar: HTMLElement, before: HTMLElement, write: (line: string) => void}} where
   */
  constructor(page, { bar, before, write }) {
    this.page = page;
    this.write = write;
    const id = newId("tips");
    this.button = this.#toggle(id, "bar-button", h("span", { class: "bar-label" }, "Try these"));
    this.tab = this.#toggle(id, "tips-tab", h("span", {}, "Try these"));
    this.list = h("div", { class: "tips-list" });
    this.panel = h(
      "aside",
      { class: "tips", id, "aria-label": "Try these", hidden: true, data: { testid: "tips" } },
      h("header", {}, h("h2", {}, "Try these"), iconButton("close", "Close", () => this.#show(false))),
      this.list,
    );
    bar.insertBefore(this.button, before);
    page.extras.follow(() => this.#draw());
    page.store.on("views", () => this.#place());
    page.store.on("reset", () => this.#place());
  }

  #toggle(id, className, label) {
    return h(
      "button",
      {
        type: "button",
        class: className,
        "aria-controls": id,
        "aria-expanded": "false",
        title: "Things to try in this demo",
        data: { testid: `${className === "bar-button" ? "tips" : "modal-tips"}-toggle` },
        on: { mousedown: keepFocus, click: () => this.#show(!this.#open) },
      },
      icon("bulb"),
      label,
    );
  }

  #show(open) {
    this.#open = open;
    this.panel.hidden = !open;
    this.tab.hidden = open;
    for (const toggle of [this.button, this.tab]) toggle.setAttribute("aria-expanded", String(open));
    this.#place();
  }

  /** An open form makes the rest of the page inert: then the panel stands within its dialog. */
  #place() {
    const dialog = document.querySelector("dialog.modal[open]");
    const home = dialog ?? document.body;
    if (this.panel.parentNode !== home) home.append(this.panel);
    const offered = this.page.extras.tips.length > 0;
    if (dialog && offered && this.tab.parentNode !== dialog) dialog.append(this.tab);
    if (!dialog) this.tab.remove();
  }

  #draw() {
    const { tips } = this.page.extras;
    this.button.hidden = !tips.length;
    if (!tips.length) this.#show(false);
    arrange(
      this.list,
      tips.map(({ title, rows }) =>
        h(
          "section",
          { "aria-label": title },
          h("h3", {}, title),
          h(
            "ul",
            {},
            rows.map((row) => this.#row(row)),
          ),
        ),
      ),
    );
    this.#place();
  }

  #row({ text, note }) {
    return h(
      "li",
      {},
      h(
        "button",
        {
          type: "button",
          class: "tip",
          title: "Puts it where you write",
          data: { testid: "tip" },
          on: { mousedown: keepFocus, click: () => this.#use(text) },
        },
        h("code", { dir: "auto" }, text),
        h("span", { class: "fine", dir: "auto" }, note),
      ),
    );
  }

  /** Into the field one writes in, a command into the message box, anything else onto the clipboard. */
  async #use(text) {
    const field = /** @type {any} */ (document.activeElement);
    const inForm = field?.matches(WRITABLE) && field.closest("dialog");
    if (inForm) {
      field.value = text;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    } else if (!document.querySelector("dialog[open]")) {
      this.write(text);
    } else {
      await navigator.clipboard?.writeText(text).catch(() => {});
      this.page.notices.toast(`Copied: ${text}`);
    }
  }
}

const keepFocus = (event) => event.preventDefault();
