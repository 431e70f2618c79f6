/** Images. The page loads none from other computers: it shows their alternative text instead. */

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { plain } from "../mrkdwn.js";

const HERE = new Set([location.hostname, "127.0.0.1", "localhost", "[::1]"]);

/** Whether the picture is served by this computer. */
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
  const note = `${image.alt_text ?? "Picture"} (an image from ${host}, not loaded here)`;
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
      : h("p", { class: "fine" }, `${block.alt_text}. Images from other computers aren't loaded here.`),
  );
}
