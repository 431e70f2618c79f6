/** Files under a message: one card each, with a download link. */

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { sizeOf } from "./sizes.js";

/** @typedef {{id: string, name: string, title: string, mimetype: string, pretty_type: string, size: number, url: string,
 *   mode?: string, from?: {name: string, address: string}[], plain_text?: string, preview?: string}} File */

/** @param {File[]} files @param {string} me the viewer: the demo serves a file only to people who may see it */
export function attachments(files, me) {
  return h(
    "ul",
    { class: "attachments", "aria-label": "Files" },
    files.map((file) => h("li", {}, card(file, `${file.url}?as=${encodeURIComponent(me)}`))),
  );
}

function card(file, address) {
  if (file.mode === "email") return written(file, senders(file), file.plain_text, "mail");
  if (file.mode === "snippet") return written(file, file.pretty_type, file.preview, "copy");
  const isPicture = file.mimetype.startsWith("image/");
  const player = PLAYERS[file.mimetype.split("/")[0]];
  if (!player) return download(file, address, isPicture);
  const sound = h(player, { class: "file-player", src: address, controls: true, preload: "none", "aria-label": file.title });
  return h("div", {}, download(file, address, false), sound);
}

/** The elements that play a file, by the first part of its type. @type {Record<string, "audio" | "video">} */
const PLAYERS = { audio: "audio", video: "video" };

function download(file, address, isPicture) {
  return h(
    "a",
    { class: "file-card", href: address, download: file.name, data: { testid: "file", fileId: file.id } },
    isPicture
      ? h("img", { class: "file-thumb", src: address, alt: "", loading: "lazy" })
      : h("span", { class: "file-mark" }, icon("file")),
    h(
      "span",
      { class: "file-text" },
      h("span", { class: "file-name", dir: "auto" }, file.title),
      h("span", { class: "fine" }, `${file.pretty_type} · ${sizeOf(file.size)}`),
    ),
    h("span", { class: "file-get", title: "Download" }, icon("down")),
  );
}

/** An email or a snippet, whose text is in the message. */
function written(file, detail, text, mark) {
  return h(
    "details",
    { class: "file-written", open: true, data: { testid: "file", fileId: file.id } },
    h(
      "summary",
      { class: "file-card" },
      h("span", { class: "file-mark" }, icon(mark)),
      h(
        "span",
        { class: "file-text" },
        h("span", { class: "file-name", dir: "auto" }, file.title),
        h("span", { class: "fine", dir: "auto" }, detail),
      ),
    ),
    h("pre", { class: "file-content", dir: "auto" }, text ?? ""),
  );
}

function senders({ from }) {
  return (from ?? []).map(({ name, address }) => (name ? `${name} <${address}>` : address)).join(", ");
}
