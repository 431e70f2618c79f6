/** One message on the timeline, with the replies under it. */

import { attachments } from "./attachments.js";
import { avatar } from "./avatar.js";
import { renderBlock } from "./blocks/blocks.js";
import { arrange, h, keepingFocus } from "./dom.js";
import { Form } from "./form.js";
import { hostOf, plainText } from "./hosts.js";
import { icon } from "./icons.js";
import { mrkdwn } from "./mrkdwn.js";
import { sharedContent } from "./shared.js";
import { messageShortcuts } from "./shortcuts.js";
import { clock, fullTime } from "./times.js";

/** @typedef {import("./state.js").Message} Message */

export class MessageView {
  #shown = "";
  #expanded = false;
  #replies = /** @type {Message[]} */ ([]);
  #views = /** @type {Map<string, MessageView>} */ (new Map());

  /** @param {Message} message @param {import("./hosts.js").Page} page */
  constructor(message, page) {
    this.page = page;
    this.form = new Form();
    this.host = hostOf(page, "message", { message: message.id }, this.form);
    this.content = h("div", { class: "message-content" });
    this.thread = h("div", { class: "thread", hidden: true });
    this.gutter = h("div", { class: "message-gutter" });
    this.tools = messageShortcuts(page, message.id);
    this.node = h(
      "article",
      { class: "message", data: { testid: "message", messageId: message.id } },
      this.gutter,
      h("div", { class: "message-main" }, this.content, this.thread),
      this.tools,
    );
  }

  /**
   * @param {Message} message
   * @param {{grouped?: boolean, replies?: Message[], parent?: Message, toThread?: () => void}} [where]
   *   grouped: follows one by the same author; parent: the thread of a reply that is in the channel too
   */
  update(message, { grouped = false, replies = [], parent, toThread } = {}) {
    const shown = JSON.stringify([message, grouped, parent?.text]);
    if (shown !== this.#shown) {
      this.#shown = shown;
      keepingFocus(this.node, () => this.#draw(message, grouped, parent && this.#replied(parent, toThread)));
    }
    this.#replies = replies;
    this.#drawThread();
  }

  /** Opens the replies and scrolls to them. */
  showThread() {
    this.#expanded = true;
    this.#drawThread();
    this.node.scrollIntoView({ block: "nearest" });
    this.thread.querySelector("button")?.focus({ preventScroll: true });
  }

  #draw(message, grouped, replied) {
    const { node } = this;
    node.classList.toggle("grouped", grouped);
    node.classList.toggle("ephemeral", message.ephemeral);
    this.tools.hidden = message.ephemeral;
    node.dataset.ephemeral = String(message.ephemeral);
    node.setAttribute("aria-label", `${message.author.name}, ${clock(message.ts)}`);
    arrange(this.gutter, [grouped ? time(message) : avatar(message.author)]);
    arrange(
      this.content,
      [
        message.ephemeral && this.#onlyYou(message),
        !grouped && heading(message),
        replied,
        this.#body(message),
        ...sharedContent(message.attachments ?? [], this.host, this.page.store.me.id),
        this.#files(message),
      ].filter(Boolean),
    );
  }

  /** The thread's first message, above a reply that was also sent to the channel. */
  #replied(parent, toThread) {
    const text = plainText(this.page, parent.text);
    return h(
      "p",
      { class: "replied" },
      "replied to a thread: ",
      h(
        "button",
        {
          type: "button",
          class: "text-button",
          data: { testid: "to-thread", key: "to-thread" },
          on: { click: toThread },
        },
        h("span", { dir: "auto" }, text || "a message"),
      ),
    );
  }

  #onlyYou(message) {
    return h(
      "p",
      { class: "only-you" },
      icon("eye"),
      "Only visible to you",
      h(
        "button",
        {
          type: "button",
          class: "text-button",
          data: { testid: "dismiss" },
          on: { click: () => this.page.store.dismiss(message) },
        },
        "Dismiss",
      ),
    );
  }

  #files({ files }) {
    return files?.length ? attachments(files, this.page.store.me.id) : null;
  }

  #body(message) {
    const blocks = message.blocks ?? [];
    this.form.keep(blocks);
    if (blocks.length)
      return h(
        "div",
        { class: "message-blocks" },
        blocks.map((block) => renderBlock(block, this.host)),
      );
    // Slack marks edits of text only: updates of blocks carry no "(edited)".
    const edited = message.edited
      ? h("span", { class: "edited", title: "This message was edited" }, "(edited)")
      : null;
    if (!message.text && !edited) return null;
    return h("div", { class: "message-text text" }, mrkdwn(message.text, this.host.names), edited);
  }

  #drawThread() {
    const replies = this.#replies;
    this.thread.hidden = !replies.length;
    if (!replies.length) return;
    const last = replies[replies.length - 1];
    const toggle = h(
      "button",
      {
        type: "button",
        class: "thread-toggle",
        "aria-expanded": String(this.#expanded),
        data: { testid: "thread", key: "thread" },
        on: {
          click: () => {
            this.#expanded = !this.#expanded;
            this.#drawThread();
          },
        },
      },
      avatars(replies),
      h("strong", {}, replies.length === 1 ? "1 reply" : `${replies.length} replies`),
      h("span", { class: "fine" }, this.#expanded ? "Hide" : `Last at ${clock(last.ts)}`),
    );
    const list = this.#expanded ? replies.map((reply) => this.#reply(reply)) : [];
    keepingFocus(this.thread, () => arrange(this.thread, [toggle, ...list]));
  }

  #reply(reply) {
    if (!this.#views.has(reply.id)) this.#views.set(reply.id, new MessageView(reply, this.page));
    const view = this.#views.get(reply.id);
    view.update(reply);
    return view.node;
  }
}

function heading(message) {
  const { author } = message;
  return h(
    "header",
    { class: "message-heading" },
    h("strong", { class: "author", dir: "auto" }, author.name),
    author.app ? h("span", { class: "badge" }, "APP") : null,
    time(message),
  );
}

function time(message) {
  return h(
    "time",
    {
      class: "time",
      datetime: new Date(Number(message.ts) * 1000).toISOString(),
      title: fullTime(message.ts),
    },
    clock(message.ts),
  );
}

function avatars(messages) {
  const authors = new Map(messages.map(({ author }) => [author.id, author]));
  return [...authors.values()].slice(0, 3).map((author) => avatar(author, "small"));
}
