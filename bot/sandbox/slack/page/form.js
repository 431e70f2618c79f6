/**
 * A person's entries in one view or message. They survive a redraw, so a view that the app updates
 * keeps every entry whose block_id, action_id and type are still there, as Slack does.
 */

export class Form {
  /** Called with the block_id of every entry. */
  onSet = /** @type {(block: string) => void} */ (() => {});
  #entries =
    /** @type {Map<string, {block: string, action: string, type: string, value: any, shown: any}>} */ (
      new Map()
    );

  /** Whether the person entered anything. */
  touched = false;

  #work = /** @type {Set<Promise<any>>} */ (new Set());

  /** @returns {{value: any, shown: any} | undefined} undefined before the first entry */
  get(block, action, type) {
    const entry = this.#entries.get(key(block, action));
    return entry?.type === type ? entry : undefined;
  }

  /**
   * @param {string} type of the element
   * @param {any} value as sent to the demo: a string, a list of strings, or null for nothing
   * @param {any} [shown] what the control needs to show it again, such as the options chosen
   */
  set(block, action, type, value, shown = value) {
    this.#entries.set(key(block, action), { block, action, type, value, shown });
    this.onSet(block);
  }

  /** Registers work, such as an upload, that `values` must wait for. @param {Promise<any>} work */
  during(work) {
    this.#work.add(work);
    work.finally(() => this.#work.delete(work));
  }

  async settled() {
    while (this.#work.size) await Promise.allSettled(this.#work);
  }

  /** Deletes the entries of removed controls. @param {any[]} blocks */
  keep(blocks) {
    const present = new Set(
      blocks.flatMap((block) => elementsOf(block).map((element) => key(block.block_id, element.action_id))),
    );
    for (const name of this.#entries.keys()) if (!present.has(name)) this.#entries.delete(name);
  }

  /** @returns {Record<string, Record<string, any>>} `{block_id: {action_id: value}}` */
  values() {
    const out = {};
    for (const { block, action, value } of this.#entries.values()) (out[block] ??= {})[action] = value;
    return out;
  }
}

const key = (block, action) => `${block}\u0000${action}`;

function elementsOf(block) {
  return [block.element, block.accessory, ...(block.elements ?? [])].filter((element) => element?.action_id);
}
