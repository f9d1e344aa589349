// When an app updates a view, what was typed stays in every field whose block,
// action and type are the same as before.

const INITIAL = {
  value: 'initial_value', selected_option: 'initial_option', selected_options: 'initial_options',
  selected_user: 'initial_user', selected_users: 'initial_users', selected_date: 'initial_date',
  selected_time: 'initial_time', selected_date_time: 'initial_date_time', rich_text_value: 'initial_value',
  selected_channel: 'initial_channel', selected_channels: 'initial_channels',
  selected_conversation: 'initial_conversation', selected_conversations: 'initial_conversations',
};

// carryOver returns the new blocks with the old state as their initial values.
export function carryOver(blocks, before, state) {
  const types = new Map((before || []).flatMap((block) => elementsOf(block).map((el) => [`${block.block_id} ${el.action_id}`, el.type])));
  return (blocks || []).map((block) => {
    const keep = (el) => {
      const value = state[block.block_id]?.[el.action_id];
      if (!value || types.get(`${block.block_id} ${el.action_id}`) !== el.type) return el;
      return { ...el, ...initials(value) };
    };
    const copy = { ...block };
    if (block.element) copy.element = keep(block.element);
    if (block.accessory) copy.accessory = keep(block.accessory);
    if (block.type === 'actions') copy.elements = block.elements.map(keep);
    return copy;
  });
}

function elementsOf(block) {
  return [block.element, block.accessory, ...(block.type === 'actions' ? block.elements : [])].filter(Boolean);
}

function initials(value) {
  const out = {};
  for (const [name, content] of Object.entries(value)) {
    if (INITIAL[name]) out[INITIAL[name]] = content ?? undefined;
  }
  return out;
}
