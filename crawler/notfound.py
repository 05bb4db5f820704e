"""How sites say "not found" and "not in your country", in many languages: whole phrases, as titles and headings. Pure.

Only what says that the page itself is not there: "not available" may pass, and stands with the errors.
"""

import re

_SORRY = (
    r"(?:(?:sorry|we(?:['’]re| are) sorry|oops|ops|ups|uups|whoops|uh[ -]oh|oh no|hmm+|lo sentimos|désolée?s?|oups"
    r"|entschuldigung|hoppla|leider|hoppá|sajnáljuk|sajnos|hoppsan|oj då|oeps|helaas|ojej|bohužel|ljutimo|žao nam je"
    r"|spiacenti|desculpe|ne pare rău|λυπούμαστε|üzgünüz|xin lỗi|maaf|извините|к сожалению|на жаль|вибачте"
    r"|很?抱歉|对不起|對不起|申し訳(?:ございません|ありません)(?:が)?|죄송합니다|عذر\w{0,3}|متأ?سفیم|מצטערים|ขออภัย)"
    r"[\W_]*)*"
)
_CODE = r"[\W_]*(?:\(?(?:http |error |code )*404(?: error)?\)?)?[\s.!…?:。！]*"


_NUMBER = (
    r"(?:error|erreur|fehler|errore|fout|błąd|fel|fejl|feil|virhe|chyba|hiba|eroare|greška|ошибка|помилка|エラー|错误"
    r"|錯誤|오류|hata|خطأ|lỗi)?\s*#?:?\s*404"
)


def _phrases(*alternatives: str) -> re.Pattern[str]:
    numbered = rf"(?:{_NUMBER}[\W_]+(?:error[\W_]+)?)?"
    return re.compile(rf"{_SORRY}{numbered}{_SORRY}(?:{'|'.join(alternatives)}){_CODE}", re.I)


NOT_FOUND = _phrases(
    r"(?:the |this |that |your )?(?:requested )?"
    r"(?:page|article|content|document|url|file)(?: you(?:'re| are|’re)? (?:requested|looking for|tried to reach))?"
    r"(?: (?:was|could|can|is|has|does|doesn['’]t|isn['’]t|can['’]t|couldn['’]t))?"
    r"(?: ?not| no longer| cannot)? ?(?:be )?(?:found|exists?|available)(?: anymore)?",
    r"(?:we )?(?:can['’]?t|can ?not|could ?n['’]?o?t) find (?:the|that|this|your) page.{0,40}",
    # Romance
    r"(?:la |cette )?page (?:demandée )?(?:(?:est |n['’]est pas |non "
    r"|n['’]a pas été |n['’]existe pas|introuvable)"
    r"(?:trouvée|introuvable|disponible)?)",
    r"(?:la |cette )?page (?:demandée |recherchée |que vous (?:re)?cherchez |que vous demandez )?"
    r"(?:n['’]existe (?:pas|plus)|est introuvable|n['’]a pas (?:pu être|été) trouvée)",
    r"(?:la )?página (?:solicitada )?(?:no (?:fue |se ha )?encontrada|no existe|no encontrada|no disponible)",
    r"no (?:se (?:encontró|ha encontrado|encuentra|pudo encontrar)|hemos encontrado|encontramos) la página.{0,30}",
    r"(?:la )?página que (?:buscas?|estás? buscando|has solicitado|ha solicitado) no (?:existe|se encuentra).{0,20}",
    r"(?:la )?pagina (?:richiesta |cercata )?(?:non (?:è stata )?trovata|non esiste(?: più)?|inesistente"
    r"|non disponibile)",
    r"(?:a )?página (?:solicitada |que procura )?(?:não (?:foi )?encontrada|não existe|inexistente)",
    r"pagina (?:căutată |solicitată |cerută |pe care o cauți )?nu (?:a (?:fost|putut fi) găsită|există|s-a găsit)",
    r"no s['’]ha trobat la pàgina.{0,30}|(?:la )?pàgina no (?:trobada|existeix|s['’]ha trobat)|páxina non atopada",
    # Germanic
    r"(?:die )?(?:angeforderte |gesuchte |gewünschte |aufgerufene )?seite (?:wurde |konnte )?(?:leider )?"
    r"(?:nicht gefunden(?: werden)?|existiert (?:leider )?nicht(?: mehr)?|nicht verfügbar|gibt es nicht(?: mehr)?)",
    r"(?:de |deze )?(?:op)?(?:gevraagde )?pagina (?:is |kan )?(?:niet gevonden(?: worden)?|bestaat niet(?: meer)?)",
    r"sidan (?:kunde inte hittas|hittades inte|finns inte)|vi kunde inte hitta sidan.{0,30}",
    r"siden (?:blev |ble )?ikke fun[dn]et|siden (?:findes|finnes|eksisterer) ikke|siden kunne ikke findes"
    r"|vi (?:kunne ikke finde|fant ikke) siden.{0,30}",
    r"síðan? (?:fannst|finnst) ekki|bladsy nie gevind nie",
    # Slavic and Baltic
    r"nie znaleziono strony|(?:żądana |podana )?strona nie (?:została znaleziona|istnieje)",
    r"(?:požadovaná |hledaná )?stránka (?:nenalezena|nebyla nalezena|neexistuje)|stránku se nepodařilo najít",
    r"(?:požadovaná |hľadaná )?stránka (?:sa nenašla|nebola nájdená)|stránku sa nepodarilo nájsť",
    r"(?:tražena )?stranica (?:nije pronađena|ne postoji)|(?:iskane )?strani ni (?:bilo )?mogoče najti"
    r"|(?:iskana )?stran (?:ne obstaja|ni (?:bila )?najdena)",
    r"(?:запрашиваемая |запрошенная |такая |данная |эта )?страница (?:не найдена|не существует)"
    r"|такой страницы (?:нет|не существует)|(?:запитувану |цю )?сторінк[уа] не (?:знайдено|знайдена|існує)",
    r"(?:тражена )?страница(?:та)? (?:није пронађена|не постоји|не (?:е|беше) (?:намерена|пронајдена)|не съществува)",
    r"puslapis nerastas|puslapis neegzistuoja|lapa (?:nav atrasta|neeksistē)",
    # Others of Europe and its neighbours
    r"(?:a |az )?(?:keresett |kért )?(?:oldal|lap) nem (?:található|létezik)|(?:az? )?oldalt nem találjuk",
    r"sivua ei (?:löydy|löydetty|löyty?nyt|ole olemassa)|(?:lehekülge|lehte) ei (?:leitud|leia)|faqja nuk u gjet",
    r"(?:η )?σελίδα (?:που (?:ζητήσατε|ψάχνετε) )?δεν (?:βρέθηκε|υπάρχει)",
    r"(?:aradığınız |istediğiniz |istenen )?sayfa (?:bulunamadı|mevcut değil)|səhifə tapılmadı|бет табылмады",
    r"გვერდი (?:ვერ|არ) მოიძებნა|էջը (?:չի գտնվել|չգտնվեց)|orria ez da aurkitu|tudalen heb ei chanfod",
    # Asia and the Middle East
    r"(?:お探し|ご?指定|ご?要求|リクエスト)?(?:された|した|の)?ページ(?:が|は)(?:見つかりません(?:でした)?|存在しません"
    r"|見つかりませんでした).{0,12}",
    r"(?:您|你)?(?:所|要|想|正在)?(?:访问|请求|查找|查看|浏览|寻找|訪問|請求|瀏覽|尋找|要找|找)?的?"
    r"(?:页面|网页|頁面|網頁)(?:不存在|未找到|找不到|没有找到|沒有找到)(?:了|或.{0,12})?",
    r"(?:找不到|未找到|没有找到|沒有找到|無法找到|无法找到)(?:您|你)?(?:所|要|想)?(?:访问|请求|查找|浏览|寻找|訪問|請求|瀏覽|尋找|找)?的?"
    r"(?:页面|网页|頁面|網頁)",
    r"(?:요청하신 |요청한 |찾으시는 |찾고 계신 |해당 )?페이지(?:를|가|는)? ?"
    r"(?:찾을 수 없(?:습니다|음)|존재하지 않습니다)",
    r"(?:هذه )?(?:ال)?صفحة (?:المطلوبة |التي تبحث عنها |التي طلبتها )?(?:غير موجودة|لا توجد|لم يتم العثور عليها)"
    r"|(?:لم يتم|تعذر) العثور على (?:هذه )?الصفحة.{0,30}|الصفحة المطلوبة غير موجودة",
    r"صفحه\s?(?:ی |ای )?(?:مورد نظر |درخواستی )?(?:شما )?(?:یافت نشد|پیدا نشد|وجود ندارد)",
    r"ה?(?:דף|עמוד)(?: המבוקש| שחיפשת(?:ם)?)? (?:לא נמצא|אינו קיים|לא קיים)",
    r"(?:ไม่พบ|ไม่เจอ|ไม่มี)หน้า(?:เว็บ|เพจ)?(?:นี้|ดังกล่าว|ที่.{0,24})?",
    r"không tìm thấy trang.{0,20}|trang (?:này |bạn (?:tìm|yêu cầu) )?không tồn tại",
    r"(?:halaman|laman) (?:yang (?:anda|kamu) (?:cari|minta) )?tidak (?:dapat )?(?:ditemukan|dijumpai|ada)",
    r"(?:यह )?(?:पृष्ठ|पेज) (?:नहीं मिला|नहीं मिल सका|मौजूद नहीं है)|পৃষ্ঠা(?:টি)? (?:খুঁজে )?পাওয়া যায়নি",
)
"""Fullmatched against what a page calls itself."""

BY_NUMBER = re.compile(
    rf"{_SORRY}(?:not found|(?!404){_NUMBER}(?:\W+.{{0,40}})?"
    r"|#?404(?:[\W_]*|\s*[|:–—·•(!/»].{0,40}|\s+-.{0,40}|[\s_,.-]+(?:errors?\b|not\b|no\b|page\b|file\b|found\b"
    r"|oops|sorry|missing|lost|gone|can(?:['’]t|not)|whoops|uh|ooh|hmm|this|the|we\b|you\b|nothing|nicht|seite|fehler"
    r"|leider|pas\b|cette|erreur|introuvable|non\b|pagina|página|errore|não|niet|sidan|siden|strona"
    rf"|[^\x00-\u024f]).{{0,40}})){_CODE}",
    re.I,
)
"""The same, where the number or "not found" is all that is said. Articles about errors are called so too, and things
whose name begins with it are not: 404 Media, 404 Main Street.
"""

EXPLAINS = re.compile(
    r"\b(?:how to|how (?:do|can) (?:i|you|we)|what (?:is|are|does|it means|to do|causes)|fix(?:es|ing)\b|meaning|means"
    r"|explained|troubleshoot\w*|beheben|ursachen?|bedeut(?:et|ung)|was (?:ist|tun)|que faire|que signifie"
    r"|comment (?:corriger|résoudre|réparer)|cómo (?:solucionar|arreglar|corregir)|qué (?:es|significa)|come risolvere"
    r"|cosa significa|como (?:resolver|corrigir)|o que (?:é|significa)|oplossen|jak naprawić|co oznacza|как исправить"
    r"|что (?:значит|означает|такое))\b",
    re.I,
)
"""Searched for in what a page calls itself: it is about a message, and does not say it."""

GEO_BLOCK = re.compile(
    r"(?!(?:why|what|when|if|how)\b|[^?]{0,300}\?)(?:"
    r".{0,60}\b(?:not|isn['’]t|un) ?available (?:in|from) your (?:current )?(?:country|region|location|area).{0,60}"
    r"|.{0,40}\bnot available (?:to|for) (?:users|visitors|readers|people) (?:in|from|outside).{0,80}"
    r"|.{0,40}\baccess\b.{0,40}\byour (?:country|region|location) (?:is|has been) (?:blocked|denied|restricted).{0,60}"
    r"|.{0,120}from a country belonging to the european economic area.{0,400}"
    r"|(?:http |error )?(?:451\W+)?unavailable (?:due to|for) legal reasons.{0,40}"
    r"|.{0,60}in (?:deinem|ihrem|diesem) land (?:leider )?nicht verfügbar.{0,40}"
    r"|.{0,60}(?:pas|plus) disponible dans votre (?:pays|région).{0,40}"
    r"|.{0,60}no (?:está |se encuentra )?disponible en (?:tu|su) (?:país|región).{0,40}"
    r"|.{0,60}non (?:è )?disponibile (?:nel tuo paese|nella tua (?:regione|zona)).{0,40}"
    r"|.{0,60}não (?:está )?disponível (?:no seu país|na sua região).{0,40}"
    r"|.{0,60}niet beschikbaar in (?:jouw|uw|je) (?:land|regio).{0,40}"
    r"|.{0,60}(?:niedostępn\w+|nie jest dostępn\w+) w (?:twoim|państwa) (?:kraju|regionie).{0,40}"
    r"|.{0,60}недоступ\w+ в ваш(?:ей|ем) (?:стране|регионе).{0,40}"
    r"|.{0,30}お住まいの(?:国|地域)(?:では|からは).{0,20}(?:できません|いただけません).{0,10}"
    r"|.{0,20}(?:您|你)所在的?(?:国家|地区|國家|地區).{0,16}(?:无法|無法|不可用|不支持|不支援|不能|不提供).{0,20}"
    r"|.{0,20}(?:국가|지역)에서는? .{0,16}(?:이용|사용|시청|접근)할 수 없.{0,10})",
    re.I,
)
"""The same, for "not where you are": the page may well be there for its readers."""
