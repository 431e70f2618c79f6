/** The confirmation before an action: Slack's confirmation dialog object. */

import { h, newId } from "./dom.js";
import { plain, textNodes } from "./mrkdwn.js";

/**
 * @param {{title: any, text: any, confirm?: any, deny?: any, style?: string}} question
 * @param {import("./mrkdwn.js").Names} names
 * @returns {Promise<boolean>} whether the person confirmed
 */
export function confirmed(question, names) {
  const title = newId("confirm");
  const dangerous = question.style === "danger";
  const dialog = h(
    "dialog",
    { class: "dialog confirm", "aria-labelledby": title, data: { testid: "confirm" } },
    h(
      "form",
      { method: "dialog" },
      h("h2", { id: title }, plain(question.title.text)),
      h("div", { class: "text" }, textNodes(question.text, names)),
      h(
        "div",
        { class: "dialog-buttons" },
        h(
          "button",
          { class: "button", value: "no", autofocus: dangerous, data: { testid: "confirm-deny" } },
          question.deny?.text ?? "Cancel",
        ),
        h(
          "button",
          {
            class: `button ${question.style ?? "primary"}`,
            value: "yes",
            autofocus: !dangerous,
            data: { testid: "confirm-yes" },
          },
          question.confirm?.text ?? "Yes",
        ),
      ),
    ),
  );
  (document.querySelector("dialog[open]") ?? document.body).append(dialog);
  dialog.showModal();
  dialog.addEventListener("keydown", (event) => event.key === "Escape" && event.stopPropagation());
  return new Promise((resolve) => {
    dialog.addEventListener("close", (event) => {
      event.stopPropagation();
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
  });
}
