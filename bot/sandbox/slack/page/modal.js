/** The modal: the top view of the acting person's stack. */

import * as api from "./api.js";
import { renderBlock, showFieldError } from "./blocks/blocks.js";
import { arrange, h, keepingFocus, newId } from "./dom.js";
import { Form } from "./form.js";
import { hostOf } from "./hosts.js";
import { confirmed } from "./confirm.js";
import { iconButton } from "./icons.js";
import { plain } from "./mrkdwn.js";
import { adopt } from "./viewstate.js";

const words = (text) => ({ type: "plain_text", text });
const DISCARD = {
  title: words("Discard this form?"),
  text: words("What you entered will be lost."),
  confirm: words("Discard"),
  deny: words("Keep editing"),
  style: "danger",
};

const FOCUSABLE =
  "a[href], button:not([disabled]), input:not([disabled]), textarea, select, summary, [tabindex='0']";

export class Modal {
  #sheets = /** @type {Map<string, Sheet>} */ (new Map());
  #top = /** @type {Sheet | null} */ (null);

  /** @param {import("./hosts.js").Page} page */
  constructor(page) {
    this.page = page;
    this.dialog = h("dialog", {
      class: "dialog modal",
      data: { testid: "modal" },
      on: {
        keydown: (event) => this.#key(event),
        cancel: (event) => event.target === this.dialog && event.preventDefault(),
        close: (event) => event.target === this.dialog && this.#top?.act("close"),
      },
    });
    document.body.append(this.dialog);
    for (const event of ["views", "reset"]) page.store.on(event, () => this.#draw());
  }

  #draw() {
    const { views } = this.page.store;
    for (const id of this.#sheets.keys()) if (!views.some((view) => view.id === id)) this.#sheets.delete(id);
    const view = views.at(-1);
    if (!view) return this.#hide();
    if (!this.#sheets.has(view.id)) this.#sheets.set(view.id, new Sheet(view, this.page));
    const sheet = this.#sheets.get(view.id);
    const isOther = sheet !== this.#top;
    this.#top = sheet;
    sheet.update(view, views.length);
    this.dialog.dataset.viewId = view.id;
    this.dialog.setAttribute("aria-labelledby", sheet.titleId);
    if (isOther) this.dialog.replaceChildren(sheet.node);
    if (!this.dialog.open) this.dialog.showModal();
    if (isOther) sheet.focusFirst();
    else if (document.activeElement === document.body) sheet.title.focus({ preventScroll: true });
  }

  #hide() {
    this.#top = null;
    if (this.dialog.open) this.dialog.close();
    this.dialog.replaceChildren();
  }

  #key(event) {
    if (event.key === "Escape") {
      event.preventDefault();
      this.#top?.dismiss();
    } else if (event.key === "Tab") {
      this.#keepInside(event);
    }
  }

  /** Tab wraps around: the focus doesn't leave for the browser's own controls. */
  #keepInside(event) {
    const stops = [...this.dialog.querySelectorAll(FOCUSABLE)].filter((node) => node.offsetParent !== null);
    const [from, to] = event.shiftKey ? [stops[0], stops.at(-1)] : [stops.at(-1), stops[0]];
    if (document.activeElement !== from) return;
    event.preventDefault();
    to?.focus();
  }
}

/** One view of the stack, with its entries. */
class Sheet {
  #blocks = /** @type {Map<string, {json: string, node: HTMLElement}>} */ (new Map());
  #errors = /** @type {Record<string, string>} */ ({});
  #acting = false;

  constructor(view, page) {
    this.page = page;
    this.id = view.id;
    this.titleId = newId("modal-title");
    this.form = new Form();
    this.form.onSet = (block) => this.#onEntry(block);
    this.host = hostOf(page, "modal", { view: view.id }, this.form);
    adopt(this.form, view, (id) => page.store.nameOf(id) ?? page.store.findChannel(id)?.name ?? null);
    // Focused when what had the focus is gone: Enter pressed twice must not press the next button.
    this.title = h("h2", { id: this.titleId, dir: "auto", tabindex: "-1", data: { testid: "modal-title" } });
    this.back = iconButton("back", "Back to the previous form", () => this.act("close"));
    this.body = h("div", { class: "modal-body" });
    this.wrong = h("p", {
      class: "modal-error",
      role: "alert",
      hidden: true,
      data: { testid: "modal-error" },
    });
    this.closer = h("button", {
      type: "button",
      class: "button",
      data: { testid: "modal-close" },
      on: { click: () => this.act("close") },
    });
    this.submit = h("button", { type: "submit", class: "button primary", data: { testid: "modal-submit" } });
    this.node = h(
      "form",
      {
        class: "modal-sheet",
        novalidate: true,
        on: { submit: (event) => this.#submitted(event) },
      },
      h(
        "header",
        { class: "modal-head" },
        this.back,
        this.title,
        iconButton("close", "Close", () => this.dismiss()),
      ),
      this.body,
      h("footer", { class: "modal-foot" }, this.wrong, this.closer, this.submit),
    );
  }

  #submitted(event) {
    event.preventDefault();
    this.act("submit");
  }

  /** @param {import("./state.js").View} view @param {number} depth of the stack, this view included */
  update(view, depth) {
    arrange(this.title, plain(view.title?.text ?? "").map(asNode));
    arrange(this.closer, plain(view.close?.text ?? (view.submit ? "Cancel" : "Close")).map(asNode));
    arrange(this.submit, [h("span", { class: "button-text" }, plain(view.submit?.text ?? "Submit"))]);
    this.submit.hidden = !view.submit;
    this.back.hidden = depth < 2;
    this.form.keep(view.blocks);
    keepingFocus(this.body, () => this.#drawBlocks(view.blocks));
    if (!view.blocks.some((block) => block.block_id in this.#errors)) this.#errors = {};
  }

  /** An unchanged block keeps its node, and so the caret, the open list and the scroll position. */
  #drawBlocks(blocks) {
    const before = this.#blocks;
    this.#blocks = new Map();
    const nodes = blocks.map((block, index) => {
      const key = block.block_id ?? `#${index}`;
      const json = JSON.stringify(block);
      const previous = before.get(key);
      const node = previous?.json === json ? previous.node : renderBlock(block, this.host);
      this.#blocks.set(key, { json, node });
      if (this.#errors[key]) showFieldError(node, this.#errors[key]);
      return node;
    });
    arrange(this.body, nodes);
  }

  /** Focuses like Slack: the element that asks for it, else the first field. */
  focusFirst() {
    const first =
      this.node.querySelector("[autofocus]") ??
      this.body.querySelector("input:not([type=file]), textarea, .file-input button") ??
      (this.submit.hidden ? this.closer : this.submit);
    first.focus({ preventScroll: true });
  }

  /** Closes the form, but asks first if the person filled in anything. */
  async dismiss() {
    if (this.form.touched && !(await confirmed(DISCARD, this.host.names))) return;
    this.act("close");
  }

  /** @param {"submit" | "close"} verb */
  async act(verb) {
    if (this.#acting || (verb === "submit" && this.submit.hidden)) return;
    this.#acting = true;
    const button = verb === "submit" ? this.submit : this.closer;
    button.setAttribute("aria-busy", "true");
    if (verb === "submit") await this.form.settled();
    const answer = await api.act(this.page.store.me.id, this.id, verb, this.form.values());
    button.removeAttribute("aria-busy");
    this.#acting = false;
    this.#showErrors(answer);
  }

  /** @param {{ok: boolean, error?: string, errors?: Record<string, string>}} answer */
  #showErrors({ ok, errors = {}, error }) {
    this.#errors = errors;
    for (const [key, { node }] of this.#blocks)
      if (node.classList.contains("field")) showFieldError(node, errors[key]);
    const homeless = Object.entries(errors)
      .filter(([block]) => !this.#blocks.has(block))
      .map(([block, text]) => `${block}: ${text}`);
    const general =
      !ok && !Object.keys(errors).length ? (error ?? "The app's response was invalid. Try again.") : "";
    this.wrong.textContent = [general, ...homeless].filter(Boolean).join(" ");
    this.wrong.hidden = !this.wrong.textContent;
    this.body.querySelector(".field.wrong [data-action-id]")?.focus();
  }

  #onEntry(block) {
    if (!this.#errors[block]) return;
    delete this.#errors[block];
    const node = this.#blocks.get(block)?.node;
    if (node) showFieldError(node, undefined);
  }
}

const asNode = (part) => (typeof part === "string" ? document.createTextNode(part) : part);
