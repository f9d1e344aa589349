// Checks that Slack's client makes before it sends a modal, and errors below
// the fields they belong to.

// missing returns {block_id: sentence} for what cannot be sent like this.
export function missing(blocks, state) {
  const errors = {};
  for (const block of blocks || []) {
    if (block.type !== 'input') continue;
    const value = state[block.block_id]?.[block.element?.action_id];
    const sentence = problemOf(block, value);
    if (sentence) errors[block.block_id] = sentence;
  }
  return errors;
}

function problemOf(block, value) {
  const content = Object.entries(value || {}).filter(([name]) => name !== 'type').map(([, one]) => one)[0];
  const empty = content === null || content === undefined || content === '' || (Array.isArray(content) && !content.length);
  if (empty) return block.optional ? '' : 'Please complete this required field.';
  const el = block.element;
  if (el.min_length && String(content).length < el.min_length) return `Please write at least ${el.min_length} characters.`;
  if (el.type !== 'number_input') return '';
  const number = Number(content);
  if (Number.isNaN(number) || (!el.is_decimal_allowed && !Number.isInteger(number))) return el.is_decimal_allowed ? 'Please enter a number.' : 'Please enter a whole number.';
  if (el.min_value !== undefined && number < Number(el.min_value)) return `Please enter a number of at least ${el.min_value}.`;
  if (el.max_value !== undefined && number > Number(el.max_value)) return `Please enter a number of at most ${el.max_value}.`;
  return '';
}

// showErrors writes each error below its field, clears the others, and moves
// the focus to the first.
export function showErrors(root, form, errors) {
  let first = null;
  for (const block of root.querySelectorAll('.block')) {
    const line = block.querySelector('.field-error');
    if (!line) continue;
    const text = errors?.[block.dataset.blockId] || '';
    line.textContent = text;
    line.hidden = !text;
    const control = block.querySelector('[aria-describedby]');
    if (text) control?.setAttribute('aria-invalid', 'true');
    else control?.removeAttribute('aria-invalid');
    block.classList.toggle('invalid', Boolean(text));
    if (text && !first) first = block.dataset.blockId;
  }
  form.fields.find((field) => field.block === first)?.focus();
}
