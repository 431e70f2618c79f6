/** Shortcodes of emoji: those that people and apps use most here, all others from the server. */

const TABLE = `
grinning 😀|smiley 😃|smile 😄|grin 😁|laughing 😆|sweat_smile 😅|joy 😂|rofl 🤣|slightly_smiling_face 🙂
upside_down_face 🙃|wink 😉|blush 😊|innocent 😇|heart_eyes 😍|kissing_heart 😘|yum 😋
stuck_out_tongue 😛|thinking_face 🤔|neutral_face 😐|expressionless 😑|smirk 😏|unamused 😒
face_with_rolling_eyes 🙄|grimacing 😬|relieved 😌|pensive 😔|sleeping 😴|mask 😷|dizzy_face 😵
sunglasses 😎|nerd_face 🤓|confused 😕|worried 😟|open_mouth 😮|astonished 😲|flushed 😳|fearful 😨
cry 😢|sob 😭|scream 😱|disappointed 😞|sweat 😓|weary 😩|tired_face 😫|triumph 😤|rage 😡|angry 😠
skull 💀|ghost 👻|robot_face 🤖|wave 👋|raised_hand ✋|ok_hand 👌|v ✌️|crossed_fingers 🤞|point_left 👈
point_right 👉|point_up 👆|point_down 👇|point_up_2 👆|+1 👍|thumbsup 👍|-1 👎|thumbsdown 👎|fist ✊
facepunch 👊|clap 👏|raised_hands 🙌|open_hands 👐|handshake 🤝|pray 🙏|muscle 💪|eyes 👀|eye 👁️|brain 🧠
baby 👶|bust_in_silhouette 👤|busts_in_silhouette 👥|speaking_head_in_silhouette 🗣️
technologist 🧑‍💻|heart ❤️|orange_heart 🧡|yellow_heart 💛|green_heart 💚|blue_heart 💙
purple_heart 💜|black_heart 🖤|broken_heart 💔|100 💯|boom 💥|dizzy 💫|sweat_drops 💦|dash 💨|fire 🔥
sparkles ✨|star ⭐|star2 🌟|zap ⚡|sunny ☀️|cloud ☁️|rainbow 🌈|snowflake ❄️|umbrella ☔|ocean 🌊
seedling 🌱|evergreen_tree 🌲|palm_tree 🌴|cactus 🌵|four_leaf_clover 🍀|maple_leaf 🍁|dog 🐶|cat 🐱
panda_face 🐼|bug 🐛|ant 🐜|bee 🐝|turtle 🐢|octopus 🐙|whale 🐳|unicorn_face 🦄|coffee ☕|tea 🍵|beer 🍺
beers 🍻|pizza 🍕|cake 🍰|birthday 🎂|cookie 🍪|apple 🍎|lemon 🍋|tada 🎉|confetti_ball 🎊|balloon 🎈
gift 🎁|trophy 🏆|first_place_medal 🥇|medal 🏅|dart 🎯|game_die 🎲|art 🎨|rocket 🚀|airplane ✈️|car 🚗
bus 🚌|bike 🚲|ship 🚢|construction 🚧|vertical_traffic_light 🚦|house 🏠|office 🏢|watch ⌚|iphone 📱
calling 📲|telephone ☎️|phone ☎️|telephone_receiver 📞|computer 💻|keyboard ⌨️|printer 🖨️|camera 📷
bulb 💡|flashlight 🔦|battery 🔋|electric_plug 🔌|satellite_antenna 📡|mag 🔍|mag_right 🔎|lock 🔒
unlock 🔓|closed_lock_with_key 🔐|key 🔑|hammer 🔨|wrench 🔧|hammer_and_wrench 🛠️|gear ⚙️|link 🔗
paperclip 📎|pushpin 📌|round_pushpin 📍|scissors ✂️|memo 📝|pencil 📝|pencil2 ✏️
lower_left_ballpoint_pen 🖊️|page_facing_up 📄|clipboard 📋|calendar 📅|date 📅
spiral_calendar_pad 🗓️|card_index 📇|chart_with_upwards_trend 📈|chart_with_downwards_trend 📉
bar_chart 📊|file_folder 📁|open_file_folder 📂|package 📦|bookmark 🔖|label 🏷️|books 📚|book 📖
envelope ✉️|email ✉️|e-mail 📧|incoming_envelope 📨|inbox_tray 📥|outbox_tray 📤|mailbox 📫
loudspeaker 📢|mega 📣|bell 🔔|no_bell 🔕|speech_balloon 💬|thought_balloon 💭|left_speech_bubble 🗨️
hourglass ⌛|hourglass_flowing_sand ⏳|alarm_clock ⏰|stopwatch ⏱️|timer_clock ⏲️|clock1 🕐|clock3 🕒
clock9 🕘|moneybag 💰|dollar 💵|credit_card 💳|briefcase 💼|shopping_trolley 🛒|globe_with_meridians 🌐
earth_africa 🌍|world_map 🗺️|white_check_mark ✅|heavy_check_mark ✔️|ballot_box_with_check ☑️|x ❌
negative_squared_cross_mark ❎|heavy_multiplication_x ✖️|heavy_plus_sign ➕|heavy_minus_sign ➖
warning ⚠️|no_entry ⛔|no_entry_sign 🚫|octagonal_sign 🛑|rotating_light 🚨|exclamation ❗|question ❓
grey_question ❔|bangbang ‼️|information_source ℹ️|sos 🆘|new 🆕|arrow_right ➡️|arrow_left ⬅️
arrow_up ⬆️|arrow_down ⬇️|arrow_forward ▶️|arrows_counterclockwise 🔄|arrow_right_hook ↪️
leftwards_arrow_with_hook ↩️|repeat 🔁|fast_forward ⏩|red_circle 🔴|large_orange_circle 🟠
large_yellow_circle 🟡|large_green_circle 🟢|large_blue_circle 🔵|large_purple_circle 🟣
white_circle ⚪|black_circle ⚫|large_brown_circle 🟤|radio_button 🔘|large_green_square 🟩
large_yellow_square 🟨|large_red_square 🟥|large_blue_square 🟦|white_large_square ⬜
black_large_square ⬛|small_blue_diamond 🔹|small_orange_diamond 🔸|small_red_triangle 🔺
small_red_triangle_down 🔻|zero 0️⃣|one 1️⃣|two 2️⃣|three 3️⃣|four 4️⃣|five 5️⃣|six 6️⃣|seven 7️⃣
eight 8️⃣|nine 9️⃣|crescent_moon 🌙|zzz 💤|double_vertical_bar ⏸️|black_square_for_stop ⏹️
black_right_pointing_triangle_with_double_vertical_bar ⏯️|frame_with_picture 🖼️|film_frames 🎞️
file_cabinet 🗄️|black_square_button 🔲|shield 🛡️|wastebasket 🗑️|detective 🕵️
crystal_ball 🔮|test_tube 🧪
`;

const EMOJI = new Map(
  TABLE.trim()
    .split(/[|\n]/)
    .map((entry) => /** @type {[string, string]} */ (entry.split(" "))),
);

/** @type {Map<string, string>} */
let all = new Map();

/** Loads the other emoji, which are shown as shortcodes until then. */
export async function loadEmoji() {
  const answer = await fetch("/sandbox/emoji");
  if (answer.ok) all = new Map(Object.entries(await answer.json()));
}

const SHORTCODES = /:([a-z0-9_+-]+(?:::skin-tone-[2-6](?:-[2-6])?)?):/g;

/** @param {string} text @returns {string} with emoji instead of shortcodes, for inputs */
export function withEmoji(text) {
  return text.replace(SHORTCODES, (shortcode, name) => emoji(name) ?? shortcode);
}

/** @param {string} name without colons @returns {string | null} */
export function emoji(name) {
  const flag = /^flag-([a-z]{2})$/.exec(name);
  if (flag)
    return [...flag[1]].map((letter) => String.fromCodePoint(0x1f1e6 + letter.charCodeAt(0) - 97)).join("");
  return EMOJI.get(name) ?? all.get(name) ?? null;
}
