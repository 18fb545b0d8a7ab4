package dev.parley.examples;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static com.microsoft.playwright.assertions.PlaywrightAssertions.setDefaultAssertionTimeout;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.FrameLocator;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.PlaywrightException;
import com.microsoft.playwright.options.AriaRole;
import java.net.URI;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Presses the buttons of every demo in a real browser, and reads what appears. With {@code -Dparley.long=true} all of it on a narrow screen
 * as well; that pages fit one is looked at in each build.
 */
@NullUnmarked
@Timeout(Patience.TEST_SECONDS)
@ExtendWith(InstalledBrowser.class)
@ParameterizedClass(name = "{0} px wide")
@MethodSource("widths")
final class DemosTest {
    private static final int WIDE = 1280;
    private static final int NARROW = 360;

    private static Gallery gallery;
    private static Playwright playwright;
    private static Browser browser;

    @Parameter
    private int width;

    private BrowserContext context;
    private Page page;
    private final List<String> errors = new ArrayList<>();
    private final Set<String> hosts = new LinkedHashSet<>();
    /** What the browser itself reports of a failure that the demo is about. */
    private Pattern expectedErrors = Pattern.compile("(?!)");

    static IntStream widths() {
        return Boolean.getBoolean("parley.long") ? IntStream.of(WIDE, NARROW) : IntStream.of(WIDE);
    }

    @BeforeAll
    static void open() {
        gallery = Gallery.start(0, 0);
        playwright = InstalledBrowser.playwright();
        browser = InstalledBrowser.launch(playwright);
        setDefaultAssertionTimeout(Patience.ASSERTION_MILLIS);
    }

    @AfterAll
    static void close() {
        playwright.close();
        gallery.close();
    }

    @BeforeEach
    void newVisitor() {
        context = Patience.in(browser.newContext(new Browser.NewContextOptions().setViewportSize(width, 800)));
        context.onConsoleMessage(message -> {
            if (message.type().equals("error") || message.type().equals("warning")) {
                errors.add(message.text());
            }
        });
        context.onWebError(error -> errors.add(error.error()));
        context.onRequest(request -> hosts.add(URI.create(request.url()).getHost()));
        page = context.newPage();
    }

    @AfterEach
    void nothingWentWrongAndNothingLeftTheMachine() {
        context.close();
        assertThat(errors).allMatch(error -> expectedErrors.matcher(error).find());
        assertThat(hosts).isSubsetOf("localhost", "127.0.0.1");
    }

    @Test
    void theIndexListsTheDemosInTheOrderOfTheDocument() {
        visit("");

        assertThat(page.getByRole(AriaRole.HEADING, level(2))).hasText(new String[] {
            "PostMessage",
            "XMLHttpRequest",
            "Fetch",
            "Beacon",
            "WebSocket",
            "EventSource",
            "Server-sent Events",
            "WebRTC",
            "ProgressEvent"
        });
        page.getByRole(AriaRole.MAIN).getByText("Fetch", exactly()).click();
        assertThat(page).hasURL(gallery.url() + "fetch");
    }

    @Test
    void everyPageFitsTheScreenAndShowsTheSourcesThatRun() {
        visit("");
        List<String> paths = new ArrayList<>(List.of(""));
        for (Locator link : page.locator("nav a").all()) {
            paths.add(link.getAttribute("href").substring(1));
        }
        assertThat(paths).hasSize(10);

        for (String path : paths) {
            visit(path);
            assertThat(page.getByRole(AriaRole.HEADING, level(1))).isVisible();
            if (!path.isEmpty()) {
                assertThat(tab(0)).hasText(Pattern.compile("\\w+Demo\\.java"));
                assertThat(source())
                        .containsText("final class " + tab(0).textContent().replace(".java", ""));
                // By keyboard alone.
                tab(0).press("ArrowRight");
                assertThat(tab(1)).isFocused();
                assertThat(tab(1)).hasText(path + ".js");
                assertThat(source()).containsText("export default {");
                assertThat(page.locator(".running section").first()).isVisible();
            }
            for (int fitting : new int[] {NARROW, width}) {
                page.setViewportSize(fitting, 800);
                assertThat(page.evaluate("document.documentElement.scrollWidth"))
                        .isEqualTo(fitting);
            }
        }
    }

    @Test
    void xmlHttpRequestSendsAndGetsJson() {
        visit("xml-http-request");

        press("GET the time");
        assertThat(output()).containsText(Pattern.compile("The server's clock says \\d{4}-\\d\\d-\\d\\dT"));
        page.getByLabel("Your name").fill("Ann");
        press("POST it");
        assertThat(output()).hasText("你好 Hello, Ann");
        assertEvents("loadstart", "progress", "load", "loadend");
        page.getByLabel("Your name").fill("");
        expectedErrors = Pattern.compile("status of 400");
        press("POST it");
        assertThat(output()).hasText("400 Bad Request");
    }

    @Test
    void xmlHttpRequestShowsTheProgressOfADownload() {
        visit("xml-http-request");

        press("Download");
        assertThat(page.locator(".facts dd")).hasText(new String[] {"true", "4,194,304", "4,194,304"});
        assertEvents("loadstart", "progress", "load", "loadend");
        assertThat(page.locator(".log")).containsText("4.00 MiB of 4.00 MiB");
    }

    @Test
    void xmlHttpRequestShowsTheProgressOfADownloadOfUnknownLength() {
        visit("xml-http-request");

        press("Of unknown length");
        assertThat(page.locator(".facts dd")).hasText(new String[] {"false", "4,194,304", "0"});
        assertEvents("loadstart", "progress", "load", "loadend");
    }

    @Test
    void xmlHttpRequestCanBeAborted() {
        visit("xml-http-request");

        abortWhenLogged("progress");
        press("Download");
        assertEvents("loadstart", "progress", "abort", "loadend");
    }

    @Test
    void xmlHttpRequestTellsTimeoutsFromErrors() {
        visit("xml-http-request");

        press("Time out");
        assertEvents("loadstart", "timeout", "loadend");
        expectedErrors = Pattern.compile("net::ERR_");
        press("Break off");
        assertEvents("loadstart", "progress", "error", "loadend");
    }

    @Test
    void fetchSendsAndGetsJson() {
        visit("fetch");

        press("GET the time");
        assertThat(output().first()).containsText(Pattern.compile("The server's clock says \\d{4}-\\d\\d-\\d\\dT"));
        page.getByLabel("Your name").fill("Ann");
        press("POST it");
        assertThat(output().first()).hasText("你好 Hello, Ann");
        page.getByLabel("Your name").fill(" ");
        expectedErrors = Pattern.compile("status of 400");
        press("POST it");
        assertThat(output().first()).hasText("400 Bad Request: name: missing (expected: a few letters)");
    }

    @Test
    void fetchReadsAStreamLineByLine() {
        visit("fetch");

        press("Read the stream");
        assertEvents("line 1", "line 2", "line 3", "line 4", "line 5", "line 6", "line 7", "line 8", "end");
        assertThat(page.locator(".log")).containsText("低头思故乡 — I lower it, and think of home");
    }

    @Test
    void fetchCanBeAborted() {
        visit("fetch");

        abortWhenLogged("line 2");
        press("Read the stream");
        assertThat(page.locator(".log b").last()).hasText("AbortError");
        assertThat(button("Read the stream")).isEnabled();
    }

    @Test
    void fetchSendsCredentialsToAnotherOriginWhereThePolicyLetsIt() {
        visit("fetch");
        Locator visited = output().last();

        press("With credentials");
        assertThat(visited).hasText("Visits that the second origin knows of: 1");
        press("With credentials");
        assertThat(visited).hasText("Visits that the second origin knows of: 2");
        press("Without");
        assertThat(visited).hasText("Visits that the second origin knows of: 1");
        expectedErrors = Pattern.compile("has been blocked by CORS policy|net::ERR_FAILED");
        press("Where this page is not named");
        assertThat(visited).hasText("TypeError: the browser keeps the answer to itself");
    }

    @Test
    void thePolicyKnowsAnOriginByItsNameAndNotByItsMachine() {
        page.navigate(gallery.url().replace("localhost", "127.0.0.1") + "fetch");

        expectedErrors = Pattern.compile("has been blocked by CORS policy|net::ERR_FAILED");
        assertThat(page.locator(".note")).containsText("The second origin knows this gallery as " + gallery.url());
        press("With credentials");
        assertThat(output().last()).hasText("TypeError: the browser keeps the answer to itself");
    }

    @Test
    void beaconsOfEachTypeArrive() {
        visit("beacon");

        for (String[] beacon : new String[][] {
            {"A string", "text", "text/plain;charset=UTF-8", "你好, in passing"},
            {"FormData", "multipart", "multipart/form-data; boundary=…", "name=\"note\"; filename=\"note.txt\""},
            {"URLSearchParams", "form", "application/x-www-form-urlencoded;charset=UTF-8", "age=23"},
            {"A Blob of JSON", "json", "application/json", "{\"name\":\"小麦\",\"age\":23}"}
        }) {
            press(beacon[0]);
            assertThat(output().first()).hasText("sendBeacon returned true: the browser took it");
            assertArrived(beacon[1], beacon[2], beacon[3]);
        }
        press("70 KiB");
        assertThat(output().first())
                .hasText("sendBeacon returned false: more than the 64 KiB that may be on the way at a time");
    }

    @Test
    void aPageThatIsLeftHasItsLastWord() {
        visit("beacon");
        assertThat(arrived("text", "TTFB")).hasCount(1);

        List<String> urls = new ArrayList<>();
        page.onFrameNavigated(frame -> urls.add(frame.url()));
        press("Leave, and come back");
        page.waitForCondition(() -> urls.contains(gallery.url() + "beacon"));
        assertThat(urls).containsExactly(gallery.url() + "left", gallery.url() + "beacon");

        assertArrived("text", "text/plain;charset=UTF-8", "再见, this page was left at ");
        assertArrived("text", "text/plain;charset=UTF-8", "LCP");
    }

    @Test
    void messagesThatAreLostLeaveAHole() {
        visit("beacon");
        Locator numbers = page.locator(".numbers dd");
        assertThat(numbers.nth(3)).hasText("0");

        press("Send 20 messages");
        press("And one of 61 KiB");
        press("Flush");

        assertThat(numbers.last()).hasText("1");
        assertThat(numbers.nth(1))
                .hasText(String.valueOf(Integer.parseInt(numbers.first().textContent()) - 1));
        assertArrived("text", "text/plain;charset=UTF-8", "{\"event\":\"scroll\",\"to\":100}");
    }

    @Test
    void aViolationOfThePolicyIsReported() {
        expectedErrors = Pattern.compile("violates the following Content Security Policy directive");
        visit("beacon");
        // What this page sent itself comes behind what there was before.
        assertThat(arrived("text", "TTFB")).hasCount(1);
        int before = arrived("csp-report", "").count();

        press("Load a forbidden image");

        assertThat(output().last()).hasText("blocked: its report is on the way");
        assertThat(arrived("csp-report", "img-src forbids http://127.0.0.1:")).hasCount(before + 1);
    }

    @Test
    void vitalsOfOtherPagesAreShown() {
        visit("fetch");
        // Or it would be left before it has painted anything: then it has nothing to tell.
        page.evaluate("() => new Promise((painted) => new PerformanceObserver(() => setTimeout(painted))"
                + ".observe({ type: 'largest-contentful-paint', buffered: true }))");
        visit("beacon");

        assertThat(page.locator(".chart"))
                .hasAttribute("aria-label", Pattern.compile("[1-9]\\d* beacons in the last minute"));
        for (String vital : new String[] {"TTFB", "FCP", "LCP", "CLS"}) {
            Locator tile = page.locator(".vitals li", new Page.LocatorOptions().setHasText(vital));
            assertThat(tile).hasAttribute("class", Pattern.compile("good|fair|poor"));
        }
    }

    @Test
    void webSocketSendsTheLoginOfTheDocumentAndShowsTheAnswer() {
        visit("web-socket");
        Locator events = log("Events of the socket");

        assertThat(output().first())
                .hasText("{\"type\":\"reply\",\"payload\":{\"greeting\":\"你好 Hello, 小麦\",\"age\":23}}");
        assertThat(events.locator("b")).hasText(new String[] {"open", "message"});
        assertThat(events).containsText("客户端连接成功");
        assertThat(events).containsText("收到服务器端的响应 {\"type\":\"reply\"");
        assertThat(page.locator(".facts dd").first()).hasText(gallery.url().replace("http", "ws") + "api/login");
        press("关闭 Close");
        assertThat(events.locator("b").last()).hasText("close");

        page.getByLabel("user", label()).fill("<i>小明</i>");
        page.getByLabel("age", label()).fill("four");
        press("登录 Log in again");
        assertThat(output().first()).containsText("\"code\":\"invalid_payload\",\"message\":\"payload.age: ");
        page.getByLabel("age", label()).fill("4");
        press("登录 Log in again");
        assertThat(output().first()).containsText("你好 Hello, <i>小明</i>");
    }

    @Test
    void twoTabsChatAndSeeEachOther() {
        visit("web-socket");
        join(page, "小麦");
        assertThat(here(page)).hasText(new String[] {"小麦"});
        say(page, "<img src=x onerror=alert(1)> & 你好");
        assertThat(said(page)).hasText(new String[] {"<img src=x onerror=alert(1)> & 你好"});

        Page another = anotherTab();
        join(another, "Ann");

        assertThat(here(page)).hasText(new String[] {"小麦", "Ann"});
        assertThat(here(another)).hasText(new String[] {"小麦", "Ann"});
        assertThat(another.locator(".talk li")).containsText(new String[] {"earlier"});
        say(another, "Hello");
        for (Page each : new Page[] {page, another}) {
            assertThat(said(each)).hasText(new String[] {"<img src=x onerror=alert(1)> & 你好", "Hello"});
            assertThat(each.locator(".talk b")).hasText(new String[] {"小麦", "Ann"});
        }
        another.close();
        assertThat(here(page)).hasText(new String[] {"小麦"});
    }

    @Test
    void aChatThatWasCutOffHearsWhatItMissedOnce() {
        visit("web-socket");
        join(page, "小麦");
        Page another = anotherTab();
        join(another, "Ann");
        say(another, "before");
        assertThat(said(page)).hasText(new String[] {"before"});

        page.getByLabel("and stay away").check();
        press("Cut the connection");
        assertThat(page.locator(".talk .notice")).hasText("cut off (1012 cut off, as you asked), staying away");
        assertThat(here(another)).hasText(new String[] {"Ann"});
        for (int i = 1; i <= 3; i++) {
            say(another, "missed " + i);
        }
        assertThat(said(another)).hasCount(4);
        page.getByLabel("and stay away").uncheck();
        assertThat(here(another)).hasText(new String[] {"Ann", "小麦"});
        say(another, "after");

        assertThat(said(page)).hasText(new String[] {"before", "missed 1", "missed 2", "missed 3", "after"});
        assertThat(page.locator(".talk .notice").last()).hasText("resumed: nothing is lost");
        assertThat(page.locator(".talk small")).hasText(times(3, "resumed"));
    }

    @Test
    void aChatThatWasCutOffComesBackByItself() {
        visit("web-socket");
        join(page, "小麦");
        say(page, "before");
        assertThat(said(page)).hasText(new String[] {"before"});

        press("Cut the connection");
        assertThat(page.locator(".talk .notice").last()).hasText("resumed: nothing is lost");
        say(page, "after");
        assertThat(said(page)).hasText(new String[] {"before", "after"});
    }

    @Test
    void aChatTellsOfAGapWhereItsHistoryIsTooShort() {
        visit("web-socket");
        join(page, "小麦");
        Page another = anotherTab();
        join(another, "Ann");
        say(another, "before");
        assertThat(said(page)).hasText(new String[] {"before"});

        page.getByLabel("and stay away").check();
        press("Cut the connection");
        assertThat(page.locator(".talk .notice")).hasCount(1);
        another.getByText("Send 10 more").click();
        assertThat(said(another)).hasCount(11);
        page.getByLabel("and stay away").uncheck();

        assertThat(page.locator(".talk .notice").last()).hasText("resumed with a gap: 2 messages are lost");
        assertThat(said(page)).hasText(joined(new String[] {"before"}, numbers(3, 10, "")));
    }

    @Test
    void aChatShowsTheFramesOfItsConnection() {
        visit("web-socket");
        join(page, "小麦");
        // Two sockets: what the server tells of this one, and the publication that came over it, have no order.
        assertThat(frames("→ textFIN · RSV1")).hasCount(3);
        assertThat(frames("← textFIN")).hasCount(3);
        assertThat(frames("← texta publication")).hasCount(1);
        say(page, "你好");
        assertThat(frames("→ textFIN · RSV1")).hasCount(4);
        assertThat(frames("← texta publication")).hasCount(2);

        page.getByLabel("and stay away").check();
        press("Cut the connection");
        assertThat(frames("← closeFIN · 23 bytes")).hasCount(1);
        assertThat(frames("→ closeFIN")).hasCount(1);
    }

    @Test
    void aChatWhoseServerHasBegunAnewComesBackAndSaysSo() {
        Gallery before = Gallery.start(0, 0);
        page.navigate(before.url() + "web-socket");
        join(page, "小麦");
        say(page, "before");
        assertThat(said(page)).hasText(new String[] {"before"});
        expectedErrors = Pattern.compile("^WebSocket connection to .* failed|net::ERR_");
        before.close();
        assertThat(here(page)).hasCount(0);

        try (Gallery after = Gallery.start(URI.create(before.url()).getPort(), 0)) {
            assertThat(page.locator(".talk .notice").last())
                    .hasText("the room has begun anew: nobody knows what was lost");
            say(page, "after");
            assertThat(said(page)).hasText(new String[] {"before", "after"});
            assertThat(after.url()).isEqualTo(before.url());
        }
    }

    @Test
    void eventSourceOpensReceivesComesBackAndCloses() {
        visit("event-source");
        Locator state = page.getByRole(AriaRole.STATUS).first();

        signIn();
        press("打开 Open");
        assertThat(log("Events of the source")).containsText("open successfully");
        assertThat(state).hasText("OPEN");
        assertThat(log("Events of the source")).containsText("connection lost, the browser will try again");
        assertThat(log("Events of the source")
                        .locator("li", new Locator.LocatorOptions().setHasText("open successfully"))
                        .nth(1))
                .isVisible();
        press("关闭 Close");
        assertThat(log("Events of the source").locator("b").last()).hasText("close");
        assertThat(state).hasText("CLOSED");
    }

    @Test
    void eventSourceShowsWhoIsNotAuthorized() {
        expectedErrors = Pattern.compile("status of 401");
        visit("event-source");

        press("打开 Open");
        assertThat(log("Events of the source")).containsText("401 not authorized");
        signIn();
        press("打开 Open");
        assertThat(log("Events of the source")).containsText("open successfully");
        press("关闭 Close");
        press("退出 Sign out");
        assertThat(button("登录 Sign in")).isEnabled();
        press("打开 Open");
        assertThat(log("Events of the source").locator("b").last()).hasText("error");
    }

    @Test
    void eventSourceSendsCredentialsToAnotherOrigin() {
        visit("event-source");
        assertThat(button("打开 Open")).isEnabled();

        page.getByRole(AriaRole.CHECKBOX).check();
        assertThat(page.locator(".facts dd").first()).hasText(Pattern.compile("http://localhost:\\d+/api/stream"));
        signIn();
        press("打开 Open");
        assertThat(log("Events of the source")).containsText("open successfully");
        assertThat(log("Events of the source")).containsText("message");
    }

    @Test
    void aFeedShowsToEachWindowWhatWasTypedAsText() {
        visit("event-source");
        connect();

        page.getByLabel("Text", label()).fill("<img src=x onerror=alert(1)> & 你好");
        page.getByLabel("Event", label()).selectOption("news");
        press("发布 Publish");
        assertFeed("hello", "news");
        assertThat(log("Events of the feed").locator("span").last()).hasText("<img src=x onerror=alert(1)> & 你好");

        Page another = page.waitForPopup(() -> page.getByRole(
                        AriaRole.LINK, new Page.GetByRoleOptions().setName("The same feed in another window"))
                .click());
        another.setViewportSize(width, 800);
        another.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("连接 Connect"))
                .click();
        assertThat(another.getByLabel("Events of the feed")).containsText("onerror=alert(1)> & 你好");
        another.getByRole(
                        AriaRole.BUTTON,
                        new Page.GetByRoleOptions().setName("发布 Publish").setExact(true))
                .click();
        assertThat(log("Events of the feed")).containsText("你好 Hello");
    }

    @Test
    void aFeedGoesOnBehindWhatWasHeardLast() {
        visit("event-source");
        connect();
        publishMore(5);
        assertCounts(5, 5, 0, 0);

        press("断开 Disconnect");
        publishMore(5);
        assertCounts(10, 5, 5, 0);
        press("连接 Connect");

        assertCounts(10, 10, 0, 0);
        publishMore(5);
        assertCounts(15, 15, 0, 0);
        assertThat(heard()).hasText(joined(numbers(1, 5, ""), numbers(6, 10, " (replayed)"), numbers(11, 15, "")));
        assertFeed(joined(
                new String[] {"hello"},
                times(5, "message"),
                new String[] {"close", "parley:resumed"},
                times(10, "message")));
    }

    @Test
    void aFeedResumesWhereNothingWasHeardYet() {
        visit("event-source");
        connect();

        press("断开 Disconnect");
        publishMore(5);
        press("连接 Connect");

        assertCounts(5, 5, 0, 0);
        assertFeed(joined(new String[] {"hello", "close", "parley:resumed"}, times(5, "message")));
    }

    @Test
    void aFeedTellsOfAGapWhereItsHistoryIsTooShort() {
        visit("event-source");
        connect();

        press("断开 Disconnect");
        publishMore(20);
        assertCounts(20, 0, 20, 0);
        press("连接 Connect");

        assertCounts(20, 8, 12, 0);
        assertThat(log("Events of the feed")).containsText("12 publications are lost");
        assertThat(heard()).hasText(numbers(13, 20, " (replayed)"));
        assertFeed(joined(new String[] {"hello", "close", "parley:gap", "hello"}, times(8, "message")));
    }

    @Test
    void aFeedThatTheServerEndsResumesByItself() {
        visit("event-source");
        connect();
        publishMore(5);
        assertCounts(5, 5, 0, 0);

        press("Let the server end it");
        assertThat(log("Events of the feed")).containsText("connection lost, the browser will try again");
        publishMore(5);
        assertThat(log("Events of the feed")).containsText("parley:resumed");

        assertCounts(10, 10, 0, 0);
        assertThat(heard())
                .hasText(IntStream.rangeClosed(1, 10)
                        .mapToObj(number -> Pattern.compile("^number " + number + "( \\(replayed\\))?$"))
                        .toArray(Pattern[]::new));
    }

    @Test
    void aFeedIsReadWithFetchNewestForEachKey() {
        visit("event-source");
        Locator lines = log("Lines of the feed");

        publishWithKey("first", "a");
        publishWithKey("second", "b");
        publishWithKey("third", "a");
        press("Read the lines");
        assertThat(lines.locator("span")).hasText(new String[] {"second", "third"});
        publishWithKey("live", "a");
        assertThat(lines.locator("span")).hasText(new String[] {"second", "third", "live"});
        press("Abort");
        assertThat(lines.locator("b").last()).hasText("AbortError");
        assertThat(button("Read the lines")).isEnabled();
    }

    @Test
    void serverSentEventsComeFromThisOriginOrFromMockurl() {
        visit("server-sent-events");
        Locator messages = page.locator(".sse-message li");

        assertThat(page.getByRole(AriaRole.HEADING, level(2)).first()).hasText("SSE数据： SSE data");
        assertThat(output()).hasText("已连接 Connected to /api/message");
        assertThat(messages.first()).containsText("你好 Hello");
        press("The second origin");
        assertThat(output()).hasText(Pattern.compile("已连接 Connected to http://localhost:\\d+/api/message"));
        assertThat(messages.first()).containsText("你好 Hello");
        page.reload();
        assertThat(output()).hasText(Pattern.compile("已连接 Connected to http://localhost:\\d+/api/message"));
        press("This origin");
        assertThat(output()).hasText("已连接 Connected to /api/message");
    }

    @Test
    void postMessageReachesTheWidgetAndComesBack() {
        visit("post-message");
        FrameLocator widget = page.frameLocator("iframe[title='Widget of the second origin']");

        page.getByLabel("Your name").fill("Ann");
        press("Send");
        assertThat(widget.locator("output")).containsText("greets as Ann");
        assertThat(page.locator(".log")).containsText("你好 Hello, Ann");
        press("Open a channel");
        assertThat(page.locator(".log")).containsText("pong 1");
        press("Send through the channel");
        assertThat(page.locator(".log")).containsText("pong 2");
        assertThat(widget.locator("output")).hasText("Through the channel: ping 2");
    }

    @Test
    void aPopUpReturnsItsResult() {
        visit("post-message");

        Page popup = page.waitForPopup(() -> press("打开 Open a pop-up"));
        try {
            popup.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("goldenrod"))
                    .click();
        } catch (PlaywrightException e) {
            // The pop-up closes itself at the click, perhaps before the browser has said that it clicked.
            assertThat(popup.isClosed()).isTrue();
        }
        assertThat(page.locator(".chosen")).hasText("The pop-up chose goldenrod");
        assertThat(page.locator(".log b").last()).hasText("pop-up");
    }

    @Test
    void strangersAreRefused() {
        visit("post-message");
        FrameLocator widget = page.frameLocator("iframe[title='Widget of the second origin']");
        assertThat(page.locator(".log")).containsText("is ready");

        press("Let a stranger write");
        assertThat(page.locator(".log li").last()).containsText("a message from origin null");
        assertThat(widget.locator("output")).hasText("Refused a message from origin null");
    }

    @Test
    void aPageThatMayNotBeEmbeddedIsNotShown() {
        expectedErrors = Pattern.compile("frame-ancestors");
        visit("post-message");

        press("Embed a private page");
        assertThat(page.locator(".log li").last()).containsText("the browser does not show the private page here");
        assertThat(page.frameLocator("iframe[title='A private page']").locator("output"))
                .hasCount(0);
    }

    private Locator arrived(String kind, String text) {
        return log("Beacons that arrived")
                .locator("li", new Locator.LocatorOptions().setHasText(text))
                .filter(new Locator.FilterOptions()
                        .setHas(page.locator(
                                "b", new Page.LocatorOptions().setHasText(Pattern.compile("^" + kind + "$")))));
    }

    private void assertArrived(String kind, String contentType, String text) {
        assertThat(arrived(kind, text)).containsText(new String[] {contentType});
    }

    private void visit(String path) {
        page.navigate(gallery.url() + path);
    }

    private Locator button(String name) {
        return page.getByRole(
                AriaRole.BUTTON, new Page.GetByRoleOptions().setName(name).setExact(true));
    }

    private void press(String name) {
        button(name).click();
    }

    /** Presses Abort at once when the log has such a line: the page does that itself, as all is over in two seconds. */
    private void abortWhenLogged(String line) {
        page.locator(".log").evaluate("""
                (log, line) => {
                  const abort = [...document.querySelectorAll('button')].find((button) => button.textContent === 'Abort')
                  new MutationObserver((changes, observer) => {
                    if (!log.textContent.includes(line)) return
                    observer.disconnect()
                    abort.click()
                  }).observe(log, { childList: true, characterData: true, subtree: true })
                }""", line);
    }

    private void signIn() {
        press("登录 Sign in");
        assertThat(button("退出 Sign out")).isEnabled();
    }

    private Page anotherTab() {
        Page another = page.waitForPopup(() -> page.getByRole(
                        AriaRole.LINK, new Page.GetByRoleOptions().setName("The same room in another window"))
                .click());
        another.setViewportSize(width, 800);
        return another;
    }

    private static void join(Page tab, String name) {
        tab.getByLabel("Your name").fill(name);
        tab.getByLabel("Your name").press("Enter");
        assertThat(here(tab).getByText(name, new Locator.GetByTextOptions().setExact(true)))
                .isVisible();
    }

    private static void say(Page tab, String text) {
        tab.getByLabel("Message", label()).fill(text);
        tab.getByLabel("Message", label()).press("Enter");
    }

    private static Locator here(Page tab) {
        return tab.locator(".here li");
    }

    /** What was said, without the notices. */
    private static Locator said(Page tab) {
        return tab.locator(".talk li:not(.notice) span");
    }

    private Locator frames(String beginning) {
        return log("Frames of the chat")
                .locator("li", new Locator.LocatorOptions().setHasText(Pattern.compile("s" + beginning)));
    }

    private Locator log(String label) {
        return page.getByLabel(label);
    }

    private void connect() {
        press("连接 Connect");
        assertThat(log("Events of the feed").locator("b")).hasText("hello");
    }

    private void publishMore(int count) {
        Locator published = page.locator(".counts dd").first();
        int before = Integer.parseInt(published.textContent());
        press("Publish " + count + " more");
        assertThat(published).hasText(String.valueOf(before + count));
    }

    private void publishWithKey(String text, String key) {
        Locator published = page.locator(".counts dd").first();
        int before = Integer.parseInt(published.textContent());
        page.getByLabel("Text", label()).fill(text);
        page.getByLabel("Key", label()).fill(key);
        press("发布 Publish");
        assertThat(published).hasText(String.valueOf(before + 1));
    }

    private void assertCounts(int published, int received, int missing, int twice) {
        Locator counts = page.locator(".counts dd");
        int[] expected = {published, received, missing, twice};
        for (int i = 0; i < expected.length; i++) {
            assertThat(counts.nth(i)).hasText(String.valueOf(expected[i]));
        }
    }

    /** The publications in the log of the feed. */
    private Locator heard() {
        return log("Events of the feed")
                .locator("li", new Locator.LocatorOptions().setHasText("number"))
                .locator("span");
    }

    private void assertFeed(String... types) {
        assertThat(log("Events of the feed").locator("b")).hasText(types);
    }

    private static String[] numbers(int from, int to, String behind) {
        return IntStream.rangeClosed(from, to)
                .mapToObj(number -> "number " + number + behind)
                .toArray(String[]::new);
    }

    private static String[] times(int count, String text) {
        return Collections.nCopies(count, text).toArray(String[]::new);
    }

    private static String[] joined(String[]... parts) {
        return Arrays.stream(parts).flatMap(Arrays::stream).toArray(String[]::new);
    }

    private Locator output() {
        return page.locator("output");
    }

    private Locator source() {
        return page.getByRole(AriaRole.TABPANEL);
    }

    private Locator tab(int index) {
        return page.getByRole(AriaRole.TAB).nth(index);
    }

    private void assertEvents(String... types) {
        assertThat(page.locator(".log b")).hasText(types);
    }

    private static Page.GetByRoleOptions level(int level) {
        return new Page.GetByRoleOptions().setLevel(level);
    }

    private static Page.GetByLabelOptions label() {
        return new Page.GetByLabelOptions().setExact(true);
    }

    private static Locator.GetByTextOptions exactly() {
        return new Locator.GetByTextOptions().setExact(true);
    }
}
