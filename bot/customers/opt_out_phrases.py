"""What customers write to receive no more messages, or to receive them again, by language.

The phrases are whole messages. Case, accents, punctuation, emoji and courtesies don't matter.
"""

from __future__ import annotations

from collections.abc import Mapping

STOP_PHRASES: Mapping[str, tuple[str, ...]] = {
    "en": (
        "stop", "stopp", "stahp", "stop all", "stopall", "stop it all", "unsubscribe", "unsub",
        "unsubscribed", "unsubcribe", "unsuscribe", "unsubscibe", "unsubscrible", "un subscribe",
        "opt out", "optout", "opt me out", "unsubscribe me", "unsubscribe all", "remove me",
        "delete me", "take me off", "remove my number", "delete my number", "stop to end",
        "block messages",
    ),
    "hi": (
        "बंद", "बंद करो", "बंद करें", "बंद करे", "बंद कीजिए", "बंद कर दो", "बंद कर दें",
        "बन्द करो", "बन्द करें", "स्टॉप", "स्टाप", "रोकें", "रोको", "रोक दो", "पाना बंद करें",
        "मैसेज बंद करो", "मैसेज बंद करें", "मेसेज बंद करो", "संदेश बंद करें",
        "संदेश भेजना बंद करें", "मैसेज भेजना बंद करो", "मैसेज भेजना बंद करें", "मैसेज मत भेजो",
        "मुझे मैसेज मत भेजो", "मुझे मैसेज मत करो", "संदेश न भेजें", "मैसेज ना भेजें",
        "मुझे संदेश न भेजें", "अनसब्सक्राइब", "सदस्यता समाप्त करें", "सदस्यता रद्द करें",
        "मुझे सूची से हटाएं", "मुझे हटा दो",
    ),
    "hi_Latn": (
        "band karo", "band kro", "band kar do", "band kardo", "band krdo", "band karen",
        "band karein", "band kijiye", "bandh karo", "message band karo", "msg band karo",
        "messages band karo", "message bhejna band karo", "msg bhejna band karo",
        "message mat bhejo", "msg mat bhejo", "message mat karo", "msg mat karo", "msg mat kro",
        "mujhe message mat karo", "mujhe message mat bhejo", "mujhe msg mat karo",
        "aur message mat bhejo", "message na bheje", "roko", "rok do", "mujhe hata do",
    ),
    "ta": (
        "நிறுத்து", "நிறுத்தவும்", "நிறுத்துங்கள்", "நிறுத்துக", "செய்தி அனுப்ப வேண்டாம்",
        "செய்திகளை நிறுத்து", "செய்திகளை நிறுத்தவும்", "மெசேஜ் அனுப்ப வேண்டாம்",
        "மெசேஜ் அனுப்பாதீர்கள்", "செய்தி அனுப்பாதீர்கள்", "குழுவிலகு", "ஸ்டாப்",
        "message anupathinga", "message anuppa vendam",
    ),
    "te": (
        "ఆపు", "ఆపండి", "ఆపేయండి", "ఆపివేయండి", "నిలిపివేయండి", "స్టాప్", "సందేశాలు ఆపండి",
        "మెసేజ్ పంపవద్దు", "మెసేజ్ లు ఆపండి", "మెసేజ్‌లు ఆపండి", "సందేశాలు పంపవద్దు",
        "చందా రద్దు చేయండి", "అన్‌సబ్‌స్క్రైబ్", "messages pampoddu", "message pampakandi",
    ),
    "bn": (
        "বন্ধ", "বন্ধ করুন", "বন্ধ করো", "বন্ধ কর", "স্টপ", "থামুন", "থামাও", "থামান",
        "মেসেজ পাঠাবেন না", "মেসেজ বন্ধ করুন", "মেসেজ দেওয়া বন্ধ করুন", "বার্তা পাঠাবেন না",
        "বার্তা বন্ধ করুন", "আনসাবস্ক্রাইব", "message pathaben na", "message bondho korun",
    ),
    "mr": (
        "थांबवा", "बंद करा", "मेसेज बंद करा", "संदेश बंद करा", "मेसेज पाठवू नका",
        "संदेश पाठवू नका", "मला मेसेज पाठवू नका", "मला मेसेज करू नका", "message pathavu naka",
        "message band kara", "band kara",
    ),
    "gu": (
        "બંધ", "બંધ કરો", "બંધ કરી દો", "સ્ટોપ", "રોકો", "મેસેજ બંધ કરો", "સંદેશ બંધ કરો",
        "મેસેજ ન મોકલો", "મેસેજ ના મોકલો", "મને મેસેજ ન મોકલો", "સંદેશ ન મોકલો", "અનસબ્સ્ક્રાઇબ",
        "message na moklo", "bandh karo",
    ),
    "ur": (
        "بند", "بند کرو", "بند کریں", "بند کر دو", "بند کردیں", "اسٹاپ", "سٹاپ", "روکیں",
        "روک دیں", "میسج مت کرو", "میسج مت بھیجو", "مجھے میسج نہ کریں", "میسج نہ بھیجیں",
        "پیغام نہ بھیجیں", "پیغامات بند کریں", "میسج بند کریں", "ان سبسکرائب",
    ),
    "ar": (
        "توقف", "توقفوا", "أوقف", "اوقف", "أوقفوا", "إيقاف", "ايقاف", "قف", "ستوب",
        "إلغاء الاشتراك", "الغاء الاشتراك", "إيقاف الرسائل", "أوقف الرسائل", "أوقفوا الرسائل",
        "لا تراسلني", "لا تراسلوني", "لا ترسل لي رسائل",
        "لا ترسلوا لي رسائل", "لا تراسلوني مرة أخرى", "لا أريد رسائل", "لا اريد رسائل",
        "احذفوني", "احذف رقمي",
    ),
    "es": (
        "parar", "para de escribir", "pare", "paren", "basta", "baja", "darme de baja",
        "dar de baja", "date de baja", "dame de baja", "quiero darme de baja", "darse de baja",
        "dejar de recibir", "stop mensajes", "no más mensajes", "no mas mensajes", "detener",
        "cancelar suscripción", "cancelar subscripción", "anular suscripción", "no me escriban",
        "no me escriban más", "no me escribas", "no me escribas más", "no me manden mensajes",
        "no me manden más mensajes", "no me envíen mensajes", "no me envíen más mensajes",
        "no enviar más", "no quiero recibir mensajes", "no quiero recibir más mensajes",
        "no quiero más mensajes", "dejen de escribirme", "deja de escribirme",
        "dejen de mandar mensajes", "dejen de enviarme mensajes", "quítenme de la lista",
        "bórrenme", "eliminarme de la lista", "elimínenme de la lista",
    ),
    "pt": (
        "parar", "pare", "parem", "sair", "quero sair", "remover", "descadastrar", "descadastre",
        "me descadastre", "cancelar inscrição", "cancelar assinatura", "não quero receber",
        "não quero mais receber", "não quero receber mensagens",
        "não quero mais receber mensagens", "não quero mais mensagens", "não me mande mensagem",
        "não me mande mais mensagens", "não me mandem mais mensagens", "não envie mais",
        "não enviar mais", "não me envie mais mensagens", "parem de me mandar mensagens",
        "pare de me mandar mensagens", "pare de enviar mensagens", "parar de receber",
        "me remova da lista", "stop mensagens", "me tire da lista", "remova meu número",
        "me remova",
    ),
    "fr": (
        "arrêt", "arrêter", "arrêtez", "arrête", "stop svp", "désabonner", "désabonnez moi",
        "désabonnement", "me désabonner", "se désabonner", "désinscrire", "désinscription",
        "me désinscrire", "désinscrivez moi", "plus de messages", "plus de message",
        "ne m'écrivez plus", "ne me contactez plus", "ne m'envoyez plus de messages",
        "ne plus recevoir", "je ne veux plus recevoir de messages",
        "je ne souhaite plus recevoir de messages", "je ne veux plus de messages",
        "arrêtez de m'écrire", "arrêtez de m'envoyer des messages", "arrêtez les messages",
        "retirez moi de la liste", "supprimez mon numéro", "stop messages",
    ),
    "de": (
        "stop nachrichten", "abmelden", "abbestellen", "abmeldung", "austragen",
        "bitte austragen", "ich möchte mich abmelden", "bitte abmelden", "aufhören", "hört auf",
        "hör auf", "keine nachrichten", "keine nachrichten mehr", "keine weiteren nachrichten",
        "ich möchte keine nachrichten", "ich möchte keine nachrichten mehr",
        "ich möchte keine nachrichten mehr erhalten", "ich will keine nachrichten mehr",
        "nicht mehr schreiben", "nicht mehr anschreiben", "schreibt mir nicht mehr",
        "schreiben sie mir nicht mehr", "nicht mehr kontaktieren", "newsletter abbestellen",
        "löschen sie meine nummer", "bitte meine nummer löschen", "von der liste streichen",
    ),
    "it": (
        "ferma", "fermati", "fermatevi", "basta", "basta messaggi", "stop messaggi", "smettere",
        "smettetela", "disiscrivimi", "disiscrivermi", "disiscriviti", "disiscrizione",
        "cancellami", "cancellatemi", "cancellatemi dalla lista", "annulla iscrizione",
        "non voglio più messaggi", "non voglio ricevere messaggi",
        "non voglio più ricevere messaggi", "non scrivetemi più", "non scrivermi più",
        "non mandatemi più messaggi", "non inviatemi più messaggi", "smettetela di scrivermi",
        "smetti di scrivermi", "rimuovetemi dalla lista",
    ),
    "nl": (
        "stoppen", "stop ermee", "stop met berichten", "afmelden", "uitschrijven", "afmelding",
        "schrijf me uit", "meld me af", "ik wil me afmelden", "geen berichten",
        "geen berichten meer", "ik wil geen berichten meer",
        "ik wil geen berichten meer ontvangen", "stuur geen berichten meer",
        "stuur me geen berichten meer", "stop met berichten sturen", "stop met appen",
        "verwijder mijn nummer",
    ),
    "tr": (
        "dur", "durdur", "durdurun", "ret", "çık", "çıkış", "abonelikten çık",
        "abonelikten çıkmak istiyorum", "aboneliği iptal et", "üyelikten çık", "mesaj atma",
        "mesaj atmayın", "mesaj göndermeyin", "bana mesaj atmayın", "bana mesaj göndermeyin",
        "artık mesaj atmayın", "artık mesaj göndermeyin", "mesaj istemiyorum",
        "mesaj almak istemiyorum", "listeden çıkar", "beni listeden çıkarın",
    ),
    "id": (
        "berhenti", "berhenti berlangganan", "setop", "hentikan", "stop pesan",
        "stop kirim pesan", "hentikan pesan", "berhenti kirim pesan", "jangan kirim pesan",
        "jangan kirim pesan lagi", "jangan kirim lagi", "jangan hubungi saya",
        "jangan hubungi saya lagi", "jangan chat lagi", "jangan wa saya lagi",
        "tidak mau terima pesan", "hapus nomor saya", "keluar dari daftar",
    ),
    "ms": (
        "henti", "hentikan mesej", "berhenti melanggan", "henti langganan",
        "jangan hantar mesej", "jangan hantar mesej lagi", "jangan mesej saya",
        "jangan mesej saya lagi", "jangan whatsapp saya", "batal langganan", "buang nombor saya",
        "tak mahu mesej",
    ),
    "ru": (
        "стоп", "остановить", "остановите", "остановитесь", "прекратите", "прекратить",
        "отписаться", "отписка", "отпишите", "отпишите меня", "отпишись", "хочу отписаться",
        "не пишите", "не пишите мне", "не пишите мне больше", "больше не пишите",
        "больше не пишите мне", "не присылайте", "не присылайте сообщения",
        "не присылайте мне сообщения", "не отправляйте мне сообщения", "не надо мне писать",
        "перестаньте писать", "перестаньте мне писать", "прекратите рассылку",
        "уберите меня из рассылки", "удалите мой номер", "отказаться от рассылки",
        "не хочу получать сообщения", "больше не хочу получать сообщения",
    ),
    "uk": (
        "зупинити", "зупиніть", "зупиніться", "припиніть", "припинити", "відписатися",
        "відписатись", "відписка", "відпишіть мене", "хочу відписатися", "не пишіть",
        "не пишіть мені", "не пишіть мені більше", "більше не пишіть",
        "не надсилайте повідомлення", "не надсилайте мені повідомлення",
        "приберіть мене з розсилки", "видаліть мій номер", "не хочу отримувати повідомлення",
    ),
    "zh": (
        "停止", "停", "退订", "退訂", "取消订阅", "取消訂閱", "不要再发", "不要再发了",
        "不要再發", "不要再發了", "别再发了", "別再發了", "不要发消息", "不要发信息", "请勿打扰",
        "不要再给我发消息", "不要再给我发消息了", "不要再给我发信息", "不要再發訊息",
        "不要再傳了", "不要再傳訊息", "不要再联系我", "不要再聯絡我", "停止发送", "停止發送",
        "请停止", "請停止",
    ),
    "ja": (
        "停止", "ストップ", "配信停止", "配信停止希望", "配信を停止してください", "送信停止",
        "もう送らないでください",
        "メッセージを送らないでください", "連絡しないでください", "もう連絡しないでください",
        "登録解除", "購読解除", "配信解除", "やめてください", "もうやめて", "止めて",
        "止めてください", "メッセージ停止",
    ),
    "ko": (
        "중지", "정지", "스톱", "스탑", "수신거부", "수신 거부", "구독취소", "구독 취소",
        "구독 해지", "구독해지", "문자 그만", "메시지 그만", "그만 보내세요", "그만 보내주세요",
        "그만보내", "메시지 보내지 마세요",
        "더 이상 보내지 마세요", "연락하지 마세요", "연락하지 마", "수신 중단", "해지해주세요",
    ),
    "vi": (
        "dừng", "dừng lại", "ngừng", "ngưng", "dừng gửi", "dừng gửi tin", "ngừng gửi tin nhắn",
        "đừng gửi nữa", "đừng gửi tin nhắn", "đừng gửi tin nhắn nữa", "đừng nhắn nữa",
        "đừng nhắn tin nữa", "đừng nhắn tin cho tôi", "không nhận tin",
        "không nhận tin nhắn nữa", "hủy đăng ký", "huỷ đăng ký", "từ chối", "từ chối nhận tin",
        "đừng làm phiền",
    ),
    "th": (
        "หยุด", "หยุดส่ง", "หยุดส่งข้อความ", "หยุดส่งข้อความหาฉัน", "ยกเลิกการรับข้อความ",
        "ยกเลิกรับข้อความ", "ยกเลิกการสมัคร", "ยกเลิกการสมัครรับข่าว", "เลิกรับข้อความ",
        "เลิกส่ง", "เลิกส่งข้อความ", "ไม่ต้องส่งมาอีก", "ไม่ต้องส่งมาแล้ว",
        "ไม่ต้องส่งข้อความมาอีก", "ไม่รับข้อความ", "อย่าส่งมาอีก", "อย่าส่งข้อความมาอีก",
        "สต็อป",
    ),
    "sw": (
        "acheni", "simama", "simamisha", "sitisha", "sitisha ujumbe", "komesha", "acha kutuma",
        "acha kunitumia ujumbe", "acheni kunitumia ujumbe", "usinitumie ujumbe",
        "msinitumie ujumbe", "usitume tena", "msitume tena", "niondoe", "niondoeni",
        "niondoe kwenye orodha", "jiondoe", "nataka kujiondoa", "sitaki ujumbe",
        "sitaki ujumbe tena",
    ),
}  # fmt: skip

UNSURE_PHRASES = frozenset(
    (
        "मत भेजो", "mat bhejo", "보내지 마세요", "보내지 마", "送らないで", "送らないでください",
        "لا ترسل", "لا ترسلوا", "dont send", "stop sending", "no stop",
        "dnd", "td", "alto", "no más", "no mas", "cancel", "end", "quit", "exit",
        "revoke", "enough", "stop it", "stop this", "stop that",
        "leave me alone", "go away", "block me", "do not disturb", "no more", "no more please",
        "not anymore", "spam", "this is spam", "stop spamming", "रुको", "रुकिए", "रुक जाओ",
        "थांबा", "ruko", "ارک جاؤ", "رکو", "إلغاء", "الغاء", "كفى", "cancelar", "salir",
        "cancele", "chega", "annuler", "halt", "kündigen", "annulla", "esci", "annuleren",
        "genoeg", "iptal", "iptal et", "yeter", "batal", "batalkan", "cukup", "отмена", "хватит",
        "отстаньте", "скасувати", "досить", "取消", "别发了", "别烦我", "解除", "解約",
        "キャンセル", "やめて", "그만", "취소", "거부", "hủy", "huỷ", "ยกเลิก", "พอแล้ว",
        "ghairi", "inatosha",
    )
)  # fmt: skip
"""Whole messages that may mean it, and as often mean an order, a form or the moment."""

START_PHRASES: Mapping[str, tuple[str, ...]] = {
    "en": (
        "start", "restart", "unstop", "un stop", "resume", "subscribe", "subscribe me",
        "resubscribe", "resubscribe me", "subscribe again",
        "subscribe me again", "re subscribe", "opt in", "optin", "opt me in",
        "opt back in", "start again", "start messages", "start messaging", "resume messages",
        "start sending messages", "start sending messages again", "send me messages again",
        "message me again", "you can message me again", "sign me up again",
    ),
    "hi": (
        "शुरू", "शुरू करो", "शुरू करें", "फिर से शुरू करें", "फिर से शुरू करो", "चालू करें",
        "चालू करो", "स्टार्ट", "सब्सक्राइब", "shuru karo", "shuru karein", "phir se shuru karo",
        "chalu karo", "wapas shuru karo",
    ),
    "ta": (
        "தொடங்கு", "தொடங்கவும்", "மீண்டும் தொடங்கு", "ஸ்டார்ட்",
    ),
    "te": (
        "ప్రారంభించు", "ప్రారంభించండి", "మొదలుపెట్టండి", "మళ్ళీ ప్రారంభించండి", "స్టార్ట్",
    ),
    "bn": (
        "শুরু", "শুরু করুন", "আবার শুরু করুন", "চালু করুন", "স্টার্ট",
    ),
    "mr": (
        "सुरू करा", "सुरु करा", "पुन्हा सुरू करा", "चालू करा",
    ),
    "gu": (
        "શરૂ કરો", "ફરી શરૂ કરો", "ચાલુ કરો", "સ્ટાર્ટ",
    ),
    "ur": (
        "شروع", "شروع کریں", "شروع کرو", "دوبارہ شروع کریں", "اسٹارٹ",
    ),
    "ar": (
        "ابدأ", "ابدا", "ابدأ من جديد", "اشتراك", "استئناف", "استئناف الرسائل",
    ),
    "es": (
        "iniciar", "reanudar", "reiniciar", "darme de alta", "dar de alta", "suscribir",
        "suscribirme", "quiero suscribirme", "volver a recibir mensajes",
    ),
    "pt": (
        "iniciar", "retomar", "voltar a receber", "voltar a receber mensagens", "inscrever",
        "quero receber mensagens", "reativar", "cadastrar",
    ),
    "fr": (
        "démarrer", "reprendre", "s'abonner", "m'abonner", "abonnez moi", "réabonner",
        "me réabonner", "réinscrire", "me réinscrire", "reprendre les messages",
    ),
    "de": (
        "starten", "anmelden", "wieder anmelden", "abonnieren",
        "ich möchte wieder nachrichten erhalten", "wieder nachrichten",
    ),
    "it": (
        "inizia", "iniziare", "riprendi", "riprendere", "iscrivimi", "iscrivermi", "riattiva",
    ),
    "nl": (
        "starten", "aanmelden", "hervatten", "inschrijven", "opnieuw aanmelden",
    ),
    "tr": (
        "başla", "başlat", "tekrar başlat", "abone ol", "yeniden başlat",
    ),
    "id": (
        "mulai", "mulai lagi", "langganan", "berlangganan", "berlangganan lagi",
    ),
    "ms": (
        "mula", "mula semula", "mulakan", "melanggan", "langgan",
    ),
    "ru": (
        "старт", "начать", "возобновить", "подписаться", "подпишите меня", "хочу подписаться",
        "снова подписаться",
    ),
    "uk": (
        "почати", "відновити", "підписатися", "підписатись", "підпишіть мене",
    ),
    "zh": (
        "开始", "開始", "订阅", "訂閱", "恢复", "恢復", "重新订阅", "重新訂閱", "继续发送",
    ),
    "ja": (
        "開始", "再開", "スタート", "購読", "配信再開", "配信を再開してください",
    ),
    "ko": (
        "시작", "재개", "구독", "수신동의", "수신 동의", "다시 보내주세요", "스타트",
    ),
    "vi": (
        "bắt đầu", "bắt đầu lại", "đăng ký lại", "nhận tin",
    ),
    "th": (
        "เริ่ม", "เริ่มใหม่", "เริ่มอีกครั้ง", "สมัครอีกครั้ง", "รับข้อความ",
    ),
    "sw": (
        "anza", "anza tena", "jiunge", "jiunga", "endelea kutuma",
    ),
}  # fmt: skip

MARKETING_PHRASES = frozenset(
    (
        "stop promotions", "stop promotion", "stop promos", "no promotions",
        "no more promotions", "unsubscribe from promotions", "unsubscribe from promos",
        "no more offers", "stop offers", "no more ads", "stop ads", "no ads", "stop marketing",
        "no marketing", "no marketing messages",
        "stop marketing messages", "stop promotional messages",
        "no more marketing", "no promotional messages", "no more marketing messages",
        "no more promotional messages", "stop newsletter", "stop newsletters",
        "opt out of marketing", "opt out of promotions", "प्रचार बंद करें", "प्रमोशन बंद करें",
        "ऑफ़र बंद करें", "no más promociones", "detener promociones", "no más publicidad",
        "cancelar promociones", "dejar promociones", "parar promoções", "sem promoções",
        "chega de promoções", "não quero promoções", "plus de promotions", "plus de publicité",
        "stop pub", "arrêter les promotions", "keine werbung", "keine werbung mehr",
        "keine angebote mehr", "stop promozioni", "niente promozioni", "basta pubblicità",
        "geen reclame", "geen reclame meer", "geen aanbiedingen meer", "promosyonları durdur",
        "reklam istemiyorum", "hentikan promosi", "berhenti promosi", "stop promosi",
        "не присылайте рекламу", "хватит рекламы", "без рекламы", "не надсилайте рекламу",
        "без реклами", "إيقاف العروض", "لا أريد إعلانات", "停止推广", "不要广告", "不要再发广告",
        "広告停止", "광고 거부", "광고 그만", "dừng quảng cáo", "không nhận quảng cáo",
        "หยุดโปรโมชั่น", "ไม่รับโฆษณา", "acha matangazo",
    )
)  # fmt: skip
"""Whole messages that ask for no more marketing, as the buttons of WhatsApp's templates do."""

COURTESIES = frozenset(
    (
        "please", "pls", "plz", "plss", "pleasee", "kindly", "hi", "hello", "hey", "dear", "sir",
        "madam", "maam", "team", "thanks", "thank you", "thankyou", "thx", "ty", "ok", "okay",
        "now", "immediately", "asap", "right now", "just", "i said", "sorry", "bro", "guys",
        "you guys", "yes", "can you", "could you", "would you", "will you", "and", "i want to",
        "i would like to", "id like to", "i wish to", "i want you to", "for me", "i want",
        "from today", "from now on", "thanks a lot", "for gods sake", "regards", "oh", "ji",
        "कृपया", "प्लीज", "प्लीज़", "अभी", "जी", "भाई", "धन्यवाद", "kripya", "bhai", "yaar",
        "abhi", "தயவுசெய்து", "నమస్కారం", "దయచేసి", "দয়া করে", "কৃপয়া", "ধন্যবাদ", "मला",
        "કૃપા કરીને", "મહેરબાની કરીને", "براہ کرم", "پلیز", "شکریہ", "من فضلك", "من فضلكم",
        "لو سمحت", "لو سمحتم", "رجاء", "رجاءا", "شكرا", "por favor", "porfa", "porfavor",
        "gracias", "hola", "ya", "quiero", "obrigado", "obrigada", "olá", "oi", "pfv", "pf",
        "quero", "agora", "já", "s'il vous plaît", "s'il te plaît", "svp", "stp", "merci",
        "bonjour", "je veux", "je souhaite", "je voudrais", "bitte", "danke", "hallo", "sofort",
        "endlich", "per favore", "per piacere", "grazie", "ciao", "buongiorno", "voglio",
        "alstublieft", "aub", "graag", "bedankt", "dank u", "dankjewel", "nu", "lütfen",
        "teşekkürler", "artık", "merhaba", "tolong", "mohon", "terima kasih", "makasih", "sila",
        "halo", "пожалуйста", "спасибо", "здравствуйте", "привет", "будь ласка", "дякую", "请",
        "請", "谢谢", "謝謝", "麻烦", "お願いします", "すみません", "제발", "부탁합니다",
        "감사합니다", "làm ơn", "xin", "vui lòng", "cảm ơn", "ค่ะ", "ครับ", "นะคะ", "กรุณา",
        "โปรด", "ด้วย", "tafadhali", "asante",
    )
)  # fmt: skip
"""What may be before and after, and changes nothing."""
