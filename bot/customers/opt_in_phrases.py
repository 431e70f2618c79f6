"""What customers write to get messages again, by language: see `opt_out_phrases`."""

from __future__ import annotations

from collections.abc import Mapping

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
