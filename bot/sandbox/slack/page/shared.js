/** Attachments of a message: forwarded messages, and what other apps attach. */

import { attachments as fileCards } from "./attachments.js";
import { renderBlock } from "./blocks/blocks.js";
import { h } from "./dom.js";
import { link, mrkdwn } from "./mrkdwn.js";

const COLOR = /^#?[0-9a-f]{6}$/i;

/**
 * @param {any[]} attachments @param {any} host see hosts.js
 * @param {string} me the viewer, who may see the files
 */
export function sharedContent(attachments, host, me) {
  return attachments.map((attachment) => card(attachment, host, me));
}

function card(attachment, host, me) {
  const { author_name: author, pretext, title, title_link: address, text, fields, footer, color } = attachment;
  const heading = title && (address ? link(address, [title]) : null);
  const content = [
    author && h("strong", { class: "shared-author", dir: "auto" }, author),
    title && h("strong", { class: "shared-title", dir: "auto" }, heading ?? title),
    body(attachment, text, host),
    fields?.length && h("dl", { class: "shared-fields" }, fields.flatMap((field) => pair(field, host))),
    attachment.files?.length && fileCards(attachment.files.map(local), me),
    footer && h("p", { class: "fine" }, footer),
  ];
  const box = h("blockquote", { class: "shared", data: { testid: "attachment" } }, content.filter(Boolean));
  if (COLOR.test(color ?? "")) box.style.setProperty("--of", color.startsWith("#") ? color : `#${color}`);
  return h(
    "div",
    { class: "shared-row" },
    pretext ? h("div", { class: "text" }, mrkdwn(pretext, host.names)) : null,
    box,
  );
}

/** A forwarded message has its text a second time, as blocks. */
function body(attachment, text, host) {
  if (text) return h("div", { class: "text" }, mrkdwn(text, host.names));
  const blocks = attachment.blocks ?? attachment.message_blocks?.flatMap(({ message }) => message.blocks ?? []);
  return blocks?.length ? h("div", {}, blocks.map((block) => renderBlock(block, host))) : null;
}

function pair({ title, value }, host) {
  return [h("dt", {}, title), h("dd", { class: "text" }, mrkdwn(value ?? "", host.names))];
}

/** The demo serves a forwarded file under the same address as the original. */
function local(file) {
  return { ...file, url: `/sandbox/files/${file.id}` };
}
