/** A person's or the app's picture: initials, or the wheel, on their colour. */

import { h } from "./dom.js";
import { wheel } from "./icons.js";

/** Slack's own voice is an app too, but not this one. */
const SLACKBOT = "USLACKBOT";

/** @param {{id?: string, initials: string, color: string, app?: boolean}} who @param {"" | "small" | "large"} [size] */
export function avatar(who, size = "") {
  const node = h(
    "span",
    { class: `avatar ${size}`, "aria-hidden": "true" },
    who.app && who.id !== SLACKBOT ? wheel() : who.initials,
  );
  node.style.setProperty("--of", /^[0-9a-f]{6}$/i.test(who.color) ? `#${who.color}` : who.color);
  return node;
}

/** The app's picture where no message of its has told the colour. @param {"" | "small" | "large"} [size] */
export const appMark = (size) => avatar({ initials: "", color: "var(--app)", app: true }, size);
