/** "Try these": the demo's suggestions, available beside an open form too. */

import { offerFiles } from "./blocks/files.js";
import { arrange, h, newId } from "./dom.js";
import { icon, iconButton } from "./icons.js";
import { sizeOf } from "./sizes.js";

const WRITABLE = "input:not([type=radio], [type=checkbox], [type=file]), textarea";

/** Below this width there is no room beside a form: the panel is above its fields. */
const NARROW = matchMedia("(max-width: 1180px)");

export class Tips {
  #open = false;

  /**
   * Created after the modal, so that it is notified of a view when the dialog exists.
   * @param {import("./hosts.js").Page} page
   * @param {{bar: HTMLElement, before: HTMLElement, write: (text: string, line: string) => void}} where
   */
  constructor(page, { bar, before, write }) {
    this.page = page;
    this.write = write;
    const id = newId("tips");
    this.button = this.#toggle(id, "bar-button", h("span", { class: "bar-label" }, "Try these"));
    this.tab = this.#toggle(id, "bar-button tips-tab", h("span", { class: "bar-label" }, "Try these"));
    this.list = h("div", { class: "tips-list" });
    this.panel = h(
      "aside",
      { class: "tips", id, "aria-label": "Try these", hidden: true, data: { testid: "tips" } },
      h("header", {}, h("h2", {}, "Try these"), iconButton("close", "Close", () => this.#show(false))),
      this.list,
    );
    bar.insertBefore(this.button, before);
    addEventListener("keydown", (event) => this.#key(event), { capture: true });
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
    for (const toggle of [this.button, this.tab]) toggle.setAttribute("aria-expanded", String(open));
    this.#place();
  }

  /** Esc closes the panel before anything else, but an open list or a question first. */
  #key(event) {
    if (event.key !== "Escape" || !this.#open) return;
    if (document.querySelector("dialog.confirm[open], .popup:popover-open")) return;
    event.preventDefault();
    event.stopPropagation();
    this.#show(false);
  }

  /** An open form makes the rest of the page inert, so the panel and its button move into it. */
  #place() {
    const head = document.querySelector("dialog.modal[open] .modal-head");
    const isPlaced = head ? this.panel.previousSibling === head : this.panel.parentNode === document.body;
    if (!isPlaced && head) head.after(this.panel);
    else if (!isPlaced) document.body.append(this.panel);
    if (!head || !this.page.extras.tips.length) this.tab.remove();
    else if (this.tab.parentNode !== head) head.insertBefore(this.tab, head.lastChild);
  }

  #draw() {
    const { tips } = this.page.extras;
    this.button.hidden = !tips.length;
    if (!tips.length) this.#show(false);
    arrange(
      this.list,
      tips.map(({ title, rows, line, samples, in_forms: inForms }) =>
        h(
          "section",
          { "aria-label": title, class: inForms ? null : "not-in-forms" },
          h("h3", {}, title),
          h("ul", {}, [
            ...rows.map((row) => this.#row(row, line)),
            ...samples.map((sample) => this.#sample(sample)),
          ]),
        ),
      ),
    );
    this.#place();
  }

  #row({ text, note }, line) {
    return h(
      "li",
      {},
      h(
        "button",
        {
          type: "button",
          class: "tip",
          title: "Inserts it where you are typing",
          data: { testid: "tip" },
          on: { mousedown: keepFocus, click: () => this.#use(text, line) },
        },
        h("code", { dir: "auto" }, text),
        h("span", { class: "fine", dir: "auto" }, note),
      ),
    );
  }

  /** A file: downloaded, or put into the form that asks for one. */
  #sample({ name, type, note, size, url }) {
    const put = async (event) => {
      const input = openFileInput();
      if (!input) return;
      event.preventDefault();
      const content = await fetch(url)
        .then((answer) => (answer.ok ? answer.blob() : null))
        .catch(() => null);
      if (content) {
        offerFiles(input, [new File([content], name, { type })]);
        if (NARROW.matches) this.#show(false);
      } else this.page.notices.toast(`${name} could not be fetched. Is the demo still running?`);
    };
    return h(
      "li",
      {},
      h(
        "a",
        {
          class: "tip sample",
          href: url,
          download: name,
          data: { testid: "sample" },
          on: { mousedown: keepFocus, click: put },
        },
        h("span", { class: "file-mark" }, icon("file")),
        h(
          "span",
          { class: "file-text" },
          h("strong", { dir: "auto" }, name, h("span", { class: "fine" }, `  ${sizeOf(size)}`)),
          h("span", { class: "fine", dir: "auto" }, note),
          h("span", { class: "sample-act to-get" }, icon("down"), "Download"),
          h("span", { class: "sample-act to-put" }, icon("upload"), "Add to the form"),
        ),
      ),
    );
  }

  /** Inserts into the focused field, else the message box with its command, else the clipboard. */
  async #use(text, line) {
    const field = /** @type {any} */ (document.activeElement);
    const inForm = field?.matches(WRITABLE) && field.closest("dialog");
    if (inForm) {
      field.value = text;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    } else if (!document.querySelector("dialog[open]")) {
      this.write(text, line);
    } else {
      await navigator.clipboard?.writeText(text).catch(() => {});
      this.page.notices.toast(`Copied: ${text}`);
    }
  }
}

const openFileInput = () => document.querySelector("dialog.modal[open] .file-input");

const keepFocus = (event) => event.preventDefault();
