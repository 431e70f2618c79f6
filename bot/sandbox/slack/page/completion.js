/**
 * Completions of a partial command, as pure functions.
 *
 * @typedef {{text: string, usage: string, summary: string}} Candidate
 */

/** @param {{commands: any[]}} store @returns {Candidate[]} one for each command: Slack knows no words after it */
export function candidates({ commands }) {
  return commands.map(({ command, hint, description }) => ({
    text: `${command} `,
    usage: hint,
    summary: description,
  }));
}

/**
 * @param {string} line the current text
 * @param {Candidate[]} all
 * @returns {Candidate[]} the completions, most likely first; none if the line is no command or already has arguments
 */
export function completions(line, all) {
  const typed = line.trimStart().toLowerCase();
  if (!typed.startsWith("/") || typed.includes("\n")) return [];
  return all.filter(({ text }) => text.trim().toLowerCase().startsWith(typed));
}

/** Whether the line already equals the candidate. */
export function isComplete(line, candidate) {
  return line.trim().toLowerCase() === candidate.text.trim().toLowerCase();
}
