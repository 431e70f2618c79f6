/**
 * The location of an element: its block, its message or view, and what its changes trigger.
 *
 * @typedef {object} Host what a message or a view provides to its blocks
 * @property {"message" | "modal" | "home"} kind
 * @property {any} source the message or view, as the demo names it
 * @property {import("../form.js").Form} form
 * @property {import("../state.js").Store} store
 * @property {import("../mrkdwn.js").Names} names
 * @property {(action: {block_id: string, action_id: string, value: any}) => Promise<any>} press
 * @property {(question: {block_id: string, action_id: string, query: string}) => Promise<any>} suggest
 */

import { confirmed } from "../confirm.js";

export class Place {
  /**
   * @param {Host} host
   * @param {any} block
   * @param {{label?: string, labelId?: string, describedBy?: string, optional?: boolean, hinted?: boolean}} [input]
   *   for elements of an input block, whose changes are sent only if the block asks for it
   */
  constructor(host, block, input) {
    this.host = host;
    this.block = block;
    this.input = input ?? null;
    this.dispatches = input ? block.dispatch_action === true : true;
  }

  /** Attributes that every interactive element has: for labels, focus and tests. */
  props(element, suffix = "") {
    return {
      "aria-labelledby": this.input?.labelId,
      "aria-describedby": this.input?.describedBy,
      data: {
        testid: "block-action",
        actionId: element.action_id ?? "",
        key: `${this.block.block_id}/${element.action_id}/${suffix}`,
      },
    };
  }

  label(element) {
    return (
      this.input?.label ??
      element.accessibility_label ??
      element.placeholder?.text ??
      element.action_id ??
      "Choose"
    );
  }

  /** The current entry; the first call enters `initial`. */
  entry(element, initial, shown = initial) {
    const { form } = this.host;
    const { block_id } = this.block;
    if (!form.get(block_id, element.action_id, element.type))
      form.set(block_id, element.action_id, element.type, initial, shown);
    return form.get(block_id, element.action_id, element.type);
  }

  enter(element, value, shown = value) {
    this.host.form.touched = true;
    this.host.form.set(this.block.block_id, element.action_id, element.type, value, shown);
  }

  /** Notifies the app, if the element dispatches and the person confirms. */
  async changed(element, value) {
    if (!this.dispatches) return;
    if (element.confirm && !(await confirmed(element.confirm, this.host.names))) return;
    this.send(element, value);
  }

  send(element, value) {
    return this.host.press({ block_id: this.block.block_id, action_id: element.action_id, value });
  }
}
