/** The rich_text block: text as a tree instead of markup. */

import { h } from "../dom.js";
import { channelMention, dateNode, emojiNode, link, personMention } from "../mrkdwn.js";

/** @param {any} block @param {import("./place.js").Host} host */
export function richText(block, { names }) {
  return h(
    "div",
    { class: "rich text" },
    (block.elements ?? []).map((part) => PARTS[part.type]?.(part, names) ?? unknown(part)),
  );
}

const unknown = (part) => h("span", { class: "fine" }, `(${part.type})`);
const inside = (part, names) => (part.elements ?? []).map((piece) => styled(piece, names));

const PARTS = {
  rich_text_section: (part, names) => h("div", { class: "run", dir: "auto" }, inside(part, names)),
  rich_text_quote: (part, names) => h("blockquote", { class: "run", dir: "auto" }, inside(part, names)),
  rich_text_preformatted: (part, names) =>
    h("pre", { class: "code-block" }, h("code", {}, inside(part, names))),
  rich_text_list: (part, names) =>
    h(
      part.style === "ordered" ? "ol" : "ul",
      { class: `indent-${Math.min(part.indent ?? 0, 4)}`, start: part.offset ? part.offset + 1 : null },
      part.elements.map((item) => h("li", { dir: "auto" }, inside(item, names))),
    ),
};

const PIECES = {
  text: (piece) => piece.text,
  link: (piece) => link(piece.url, [piece.text ?? piece.url]) ?? (piece.text || piece.url),
  emoji: (piece) => emojiNode(`:${piece.name}:`) ?? `:${piece.name}:`,
  user: (piece, names) => personMention(piece.user_id, "", names),
  channel: (piece, names) => channelMention(piece.channel_id, "", names),
  usergroup: (piece) => h("span", { class: "mention" }, `@${piece.usergroup_id}`),
  broadcast: (piece) => h("span", { class: "mention to-me" }, `@${piece.range}`),
  date: (piece) => dateNode([String(piece.timestamp), piece.format, piece.url], piece.fallback),
  color: (piece) => h("code", {}, piece.value),
};

const STYLES = { code: "code", bold: "strong", italic: "em", strike: "s" };

function styled(piece, names) {
  let node = PIECES[piece.type]?.(piece, names) ?? unknown(piece);
  for (const [style, tag] of Object.entries(STYLES)) if (piece.style?.[style]) node = h(tag, {}, node);
  return node;
}
