// The emoji names that apps use most. A name that is not here stays text.
const EMOJI = {
  '+1': '👍', '-1': '👎', thumbsup: '👍', thumbsdown: '👎', ok_hand: '👌', clap: '👏', wave: '👋', pray: '🙏', raised_hands: '🙌',
  point_right: '👉', point_down: '👇', eyes: '👀', hand: '✋', raised_hand: '✋', handshake: '🤝', muscle: '💪', writing_hand: '✍️',
  smile: '😄', slightly_smiling_face: '🙂', thinking_face: '🤔', grimacing: '😬', sweat_smile: '😅', joy: '😂', cry: '😢', heart: '❤️',
  tada: '🎉', fire: '🔥', sparkles: '✨', star: '⭐', zap: '⚡', boom: '💥', rocket: '🚀', bulb: '💡', bug: '🐛', robot_face: '🤖',
  warning: '⚠️', rotating_light: '🚨', siren: '🚨', no_entry: '⛔', no_entry_sign: '🚫', octagonal_sign: '🛑', stop_sign: '🛑',
  construction: '🚧', white_check_mark: '✅', heavy_check_mark: '✔️', ballot_box_with_check: '☑️', x: '❌', negative_squared_cross_mark: '❎',
  heavy_exclamation_mark: '❗', exclamation: '❗', question: '❓', information_source: 'ℹ️', red_circle: '🔴', large_blue_circle: '🔵',
  large_green_circle: '🟢', large_yellow_circle: '🟡', large_orange_circle: '🟠', large_purple_circle: '🟣', white_circle: '⚪',
  black_circle: '⚫', large_red_square: '🟥', large_green_square: '🟩', hourglass: '⌛', hourglass_flowing_sand: '⏳', stopwatch: '⏱️',
  alarm_clock: '⏰', clock1: '🕐', clock3: '🕒', calendar: '📆', date: '📅', bell: '🔔', no_bell: '🔕', mega: '📣', loudspeaker: '📢',
  pager: '📟', telephone_receiver: '📞', phone: '☎️', email: '📧', envelope: '✉️', inbox_tray: '📥', outbox_tray: '📤', link: '🔗',
  lock: '🔒', unlock: '🔓', closed_lock_with_key: '🔐', key: '🔑', shield: '🛡️', label: '🏷️', bookmark: '🔖', pushpin: '📌',
  memo: '📝', pencil: '✏️', clipboard: '📋', page_facing_up: '📄', scroll: '📜', books: '📚', file_folder: '📁', package: '📦',
  chart_with_upwards_trend: '📈', chart_with_downwards_trend: '📉', bar_chart: '📊', mag: '🔍', microscope: '🔬', wrench: '🔧',
  hammer_and_wrench: '🛠️', gear: '⚙️', electric_plug: '🔌', computer: '💻', satellite: '🛰️', ambulance: '🚑', fire_engine: '🚒',
  fire_extinguisher: '🧯', helmet_with_white_cross: '⛑️', scales: '⚖️', balance_scale: '⚖️', moneybag: '💰', dollar: '💵',
  arrow_right: '➡️', arrow_left: '⬅️', arrow_up: '⬆️', arrow_down: '⬇️', arrows_counterclockwise: '🔄', rewind: '⏪', fast_forward: '⏩',
  leftwards_arrow_with_hook: '↩️', repeat: '🔁', play_or_pause_button: '⏯️', black_square_for_stop: '⏹️', double_vertical_bar: '⏸️',
  arrow_forward: '▶️', black_medium_square: '◼️', small_red_triangle: '🔺', small_blue_diamond: '🔹', large_blue_diamond: '🔷', checkered_flag: '🏁',
  globe_with_meridians: '🌐', earth_africa: '🌍', house: '🏠', busts_in_silhouette: '👥', bust_in_silhouette: '👤', new: '🆕', sos: '🆘',
};

// emojiFor returns the character of an emoji name, or null.
export function emojiFor(name) {
  const base = name.replace(/::skin-tone-\d$/, '');
  return Object.hasOwn(EMOJI, base) ? EMOJI[base] : null;
}
