/** Pictures and videos. Nothing is fetched from outside this computer: what would be is shown by its name. */

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { link, plain, textNodes } from "../mrkdwn.js";

const HERE = new Set([location.hostname, "127.0.0.1", "localhost", "[::1]"]);

/** Whether showing this picture stays on this computer. */
function isHere(address) {
  if (!URL.canParse(address, location.href)) return false;
  const url = new URL(address, location.href);
  return url.protocol === "data:" || HERE.has(url.hostname);
}

/** @param {any} image an image element or block @param {string} className */
export function picture(image, className) {
  const address = image.image_url ?? "";
  if (!isHere(address)) return absent(image, className);
  const node = h("img", { class: className, src: address, alt: image.alt_text ?? "", loading: "lazy" });
  node.addEventListener("error", () => node.replaceWith(absent(image, className)));
  return node;
}

function absent(image, className) {
  const host = URL.canParse(image.image_url) ? new URL(image.image_url).hostname : "a Slack file";
  const note = `${image.alt_text ?? "Picture"} (a picture from ${host}, not loaded here)`;
  return h(
    "span",
    { class: `${className} absent`, role: "img", "aria-label": note, title: note },
    icon("image"),
  );
}

export function imageBlock(block) {
  return h(
    "figure",
    { class: "image-block" },
    block.title ? h("figcaption", {}, plain(block.title.text)) : null,
    picture(block, "image"),
    isHere(block.image_url ?? "")
      ? null
      : h("p", { class: "fine" }, `${block.alt_text}. Pictures from other computers are not loaded here.`),
  );
}

/** A video is a card with a link: players need the network. */
export function video(block, { names }) {
  const title = plain(block.title.text);
  return h(
    "div",
    { class: "video" },
    h(
      "span",
      { class: "video-thumb" },
      isHere(block.thumbnail_url ?? "")
        ? picture({ image_url: block.thumbnail_url, alt_text: block.alt_text }, "image")
        : icon("play"),
    ),
    h(
      "div",
      { class: "text" },
      block.provider_name || block.author_name
        ? h("p", { class: "fine" }, [block.provider_name, block.author_name].filter(Boolean).join(" · "))
        : null,
      h("p", {}, h("strong", {}, link(block.title_url ?? block.video_url, title) ?? title)),
      block.description ? h("p", {}, textNodes(block.description, names)) : null,
    ),
  );
}
