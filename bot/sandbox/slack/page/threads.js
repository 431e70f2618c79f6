/** A thread beside the channel: its first message, its replies, and a box to reply in. */

import * as api from "./api.js";
import { arrange, h } from "./dom.js";
import { icon, iconButton } from "./icons.js";
import { MessageView } from "./message.js";
import { channelLabel } from "./state.js";

/** How long a message stays highlighted after its link was followed. */
const LINKED_MS = 2500;

/** @typedef {import("./state.js").Message} Message */

/**
 * The parent of a reply; a reply without a visible parent is shown like any message.
 * @param {Message} message @param {Map<string, Message>} parents by their ts
 */
export function parentOf({ ts, thread_ts: parent }, parents) {
  return parent && parent !== ts ? parents.get(parent) : undefined;
}

/** Scrolls to a message and highlights it briefly. @param {HTMLElement} node */
export function highlight(node) {
  node.scrollIntoView({ block: "center" });
  node.classList.add("linked");
  setTimeout(() => node.classList.remove("linked"), LINKED_MS);
}

export class ThreadPane {
  #views = /** @type {Map<string, MessageView>} */ (new Map());
  #shown = /** @type {string | null} */ (null);

  /**
   * @param {HTMLElement} node
   * @param {import("./hosts.js").Page} page
   * @param {{close: () => void}} actions
   */
  constructor(node, page, { close }) {
    this.node = node;
    this.page = page;
    this.place = h("span", { class: "fine", dir: "auto" });
    this.list = h("div", { class: "thread-list", tabindex: "0", role: "region", "aria-label": "Replies" });
    this.box = h("textarea", {
      rows: 1,
      dir: "auto",
      "aria-label": "Reply in thread",
      placeholder: "Reply…",
      data: { testid: "thread-composer" },
      on: { input: () => this.#typed(), keydown: (event) => this.#key(event) },
    });
    this.send = h(
      "button",
      {
        type: "button",
        class: "send",
        "aria-label": "Send reply",
        disabled: true,
        data: { testid: "thread-send" },
        on: { click: () => this.#send() },
      },
      icon("send"),
    );
    node.append(
      h(
        "header",
        { class: "pane-head" },
        h("h2", {}, "Thread ", this.place),
        iconButton("close", "Close the thread", close, { data: { testid: "thread-close" } }),
      ),
      this.list,
      h("div", { class: "composer-box" }, this.box, this.send),
    );
    node.addEventListener("keydown", (event) => event.key === "Escape" && close());
    for (const event of ["reset", "channel", "tab", "thread", "messages"])
      page.store.on(event, () => this.#draw());
  }

  focus() {
    this.box.focus();
  }

  /** @param {Message} message a reply in the open thread */
  showMessage(message) {
    const view = this.#views.get(message.id);
    if (view) highlight(view.node);
  }

  #draw() {
    const { store } = this.page;
    const messages = store.messagesIn(store.channel?.id ?? "");
    const first = messages.find((message) => message.ts === store.thread);
    this.node.hidden = !first;
    if (!first) {
      this.#shown = null;
      this.#views.clear();
      this.list.replaceChildren();
      return;
    }
    const isOther = this.#shown !== first.id;
    if (isOther) {
      this.#shown = first.id;
      this.#views.clear();
      this.box.value = "";
      this.#typed();
    }
    this.place.textContent = channelLabel(store.channel);
    const replies = messages.filter((message) => message.thread_ts === first.ts && message !== first);
    const count = replies.filter((reply) => !reply.ephemeral).length;
    const follow = isOther || this.#isAtEnd();
    arrange(this.list, [
      this.#view(first),
      count ? h("p", { class: "thread-count" }, count === 1 ? "1 reply" : `${count} replies`) : null,
      ...replies.map((reply) => this.#view(reply)),
    ].filter(Boolean));
    if (follow) this.list.scrollTop = this.list.scrollHeight;
  }

  #view(message) {
    if (!this.#views.has(message.id))
      this.#views.set(message.id, new MessageView(message, this.page, { inThread: true }));
    const view = this.#views.get(message.id);
    view.update(message);
    return view.node;
  }

  #isAtEnd() {
    return this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < 80;
  }

  #typed() {
    this.box.style.height = "auto";
    this.box.style.height = `${Math.min(this.box.scrollHeight, 160)}px`;
    this.send.disabled = !this.box.value.trim();
  }

  #key(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.#send();
  }

  async #send() {
    const { store, notices } = this.page;
    const text = this.box.value.trim();
    if (!text || !store.me || !store.channel || !store.thread) return;
    const thread = store.thread;
    this.box.value = "";
    this.#typed();
    const answer = await api.type(store.me.id, store.channel.id, text, thread);
    if (answer.ok) return;
    notices.toast(answer.error ?? "Not sent. Try again.");
    if (store.thread === thread && !this.box.value) this.box.value = text;
    this.#typed();
  }
}
