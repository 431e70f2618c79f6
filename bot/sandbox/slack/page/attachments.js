/** Files under a message: one card each, with a download link. */

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { sizeOf } from "./sizes.js";

/** @typedef {{id: string, name: string, title: string, mimetype: string, pretty_type: string, size: number, url: string}} File */

/** @param {File[]} files @param {string} me the viewer: the demo serves a file only to people who may see it */
export function attachments(files, me) {
  return h(
    "ul",
    { class: "attachments", "aria-label": "Files" },
    files.map((file) => h("li", {}, card(file, `${file.url}?as=${encodeURIComponent(me)}`))),
  );
}

function card(file, address) {
  const isPicture = file.mimetype.startsWith("image/");
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
