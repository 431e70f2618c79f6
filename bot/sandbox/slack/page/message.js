/** One message, on the timeline or in a thread. */

import { attachments } from "./attachments.js";
import { avatar } from "./avatar.js";
import { renderBlock } from "./blocks/blocks.js";
import { arrange, h, keepingFocus } from "./dom.js";
import { Form } from "./form.js";
import { hostOf, plainText } from "./hosts.js";
import { icon, iconButton } from "./icons.js";
import { previewCard, previewHost } from "./previews.js";
import { mrkdwn } from "./mrkdwn.js";
import { sharedContent } from "./shared.js";
import { messageShortcuts } from "./shortcuts.js";
import { clock, fullTime } from "./times.js";

/** @typedef {import("./state.js").Message} Message */

export class MessageView {
  #shown = "";

  /** @param {Message} message @param {import("./hosts.js").Page} page @param {{inThread?: boolean}} [where] */
  constructor(message, page, { inThread = false } = {}) {
    this.page = page;
    this.openThread = inThread ? null : () => page.openThread(message.ts);
    this.form = new Form();
    this.host = hostOf(page, "message", { message: message.id }, this.form);
    this.content = h("div", { class: "message-content" });
    this.thread = h("div", { class: "thread", hidden: true });
    this.gutter = h("div", { class: "message-gutter" });
    this.tools = h(
      "div",
      { class: "message-tools" },
      this.openThread &&
        iconButton("reply", "Reply in thread", this.openThread, {
          class: "message-tool",
          data: { testid: "reply" },
        }),
      messageShortcuts(page, message.id),
    );
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
   * @param {{grouped?: boolean, replies?: Message[], parent?: Message}} [where]
   *   grouped: follows one by the same author; parent: the thread of a reply that is in the channel too
   */
  update(message, { grouped = false, replies = [], parent } = {}) {
    const shown = JSON.stringify([message, grouped, parent?.text]);
    if (shown !== this.#shown) {
      this.#shown = shown;
      keepingFocus(this.node, () => this.#draw(message, grouped, parent && this.#replied(parent)));
    }
    this.#drawThread(replies);
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
        ...this.#attached(message),
        this.#files(message),
      ].filter(Boolean),
    );
  }

  /** The thread's first message, above a reply that was also sent to the channel. */
  #replied(parent) {
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
          on: { click: () => this.page.openThread(parent.ts) },
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

  /** Forwarded messages, other apps' attachments, and previews of links. */
  #attached({ attachments: attached }) {
    return (attached ?? []).flatMap((one) => {
      if (one.is_app_unfurl && one.entity) return previewCard(one, this.page, this.host.source.message);
      const host = one.is_app_unfurl ? previewHost(one, this.host, this.page) : this.host;
      return sharedContent([one], host, this.page.store.me.id);
    });
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

  /** The way to the replies. Private ones have no count: only the open thread shows them. */
  #drawThread(replies) {
    const counted = replies.filter((reply) => !reply.ephemeral);
    this.thread.hidden = !counted.length || !this.openThread;
    if (this.thread.hidden) return;
    const last = counted[counted.length - 1];
    const isUnread = this.page.store.unreadThreads.has(`${last.channel}/${last.thread_ts}`);
    const opener = h(
      "button",
      {
        type: "button",
        class: isUnread ? "thread-toggle unread" : "thread-toggle",
        data: { testid: "thread", key: "thread" },
        on: { click: this.openThread },
      },
      avatars(counted),
      h("strong", {}, counted.length === 1 ? "1 reply" : `${counted.length} replies`),
      h("span", { class: "fine" }, `Last at ${clock(last.ts)}`),
      isUnread ? h("span", { class: "badge" }, "NEW") : null,
    );
    keepingFocus(this.thread, () => arrange(this.thread, [opener]));
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
