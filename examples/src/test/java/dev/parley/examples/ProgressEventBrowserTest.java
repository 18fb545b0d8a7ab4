package dev.parley.examples;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static com.microsoft.playwright.assertions.PlaywrightAssertions.setDefaultAssertionTimeout;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.CDPSession;
import com.microsoft.playwright.JSHandle;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.FilePayload;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Pattern;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Sends files from the page of uploads, in a real browser: stops them, cuts them off, goes on with them, and watches them from aside. */
@NullUnmarked
@Timeout(Patience.TEST_SECONDS)
@ExtendWith(InstalledBrowser.class)
final class ProgressEventBrowserTest {
    private static final int SIZE = 4 * 1024 * 1024;
    /** On the slow network of the page this takes some sixteen seconds: enough to do something in the middle. */
    private static final int LARGE = 10 * 1024 * 1024;

    private static final Pattern IN_THE_MIDDLE = Pattern.compile("[1-9]\\d? %");

    private static Gallery gallery;
    private static Playwright playwright;
    private static Browser browser;

    private BrowserContext context;
    private Page page;
    private final List<String> errors = new ArrayList<>();
    /** What the browser itself reports of a failure that the test is about. */
    private Pattern expectedErrors = Pattern.compile("(?!)");

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
        context = Patience.in(browser.newContext());
        context.onConsoleMessage(message -> {
            if (message.type().equals("error") || message.type().equals("warning")) {
                errors.add(message.text());
            }
        });
        context.onWebError(error -> errors.add(error.error()));
        page = context.newPage();
        page.navigate(gallery.url() + "progress-event");
    }

    @AfterEach
    void nothingWentWrong() {
        context.close();
        assertThat(errors).allMatch(error -> expectedErrors.matcher(error).find());
    }

    @Test
    void aFileIsSentAndBothSidesTellItsEventsInOrder() {
        byte[] bytes = choose("holiday.bin", SIZE);

        assertComplete("holiday.bin", bytes);
        for (String side : new String[] {"browser", "server"}) {
            assertThat(events(page, side, "holiday.bin"))
                    .hasText(new String[] {"loadstart", "progress", "load", "loadend"});
        }
        assertThat(log(page, "server", "holiday.bin").locator("span").last()).hasText("4.00 MiB of 4.00 MiB, done");
        assertNothingIsKept();
    }

    @Test
    void severalFilesAreSentAndAnEmptyOneToo() {
        FilePayload[] files = new FilePayload[5];
        for (int i = 0; i < files.length; i++) {
            files[i] = file("小麦 " + i + ".txt", i * 100_000);
        }
        input().setInputFiles(files);

        for (FilePayload file : files) {
            assertComplete(file.name, file.buffer);
        }
    }

    @Test
    void filesAreDroppedAndOneThatIsTooLargeIsNotSent() {
        JSHandle files = page.evaluateHandle("""
                () => {
                  const dropped = new DataTransfer()
                  dropped.items.add(new File(['dropped'], 'dropped.txt'))
                  dropped.items.add(new File([new Uint8Array(64 * 1024 * 1024 + 1)], 'large.bin'))
                  return dropped
                }""");

        page.locator(".drop").dispatchEvent("drop", Map.of("dataTransfer", files));

        assertComplete("dropped.txt", "dropped".getBytes(UTF_8));
        assertThat(page.locator("output")).hasText("large.bin has more than 64 MiB");
        assertThat(row(page, "large.bin")).hasCount(0);
    }

    @Test
    void anUploadIsPausedAndGoesOnFromWhatIsStored() {
        slow(true);
        byte[] bytes = choose("pause.bin", LARGE);
        assertThat(percent(page, "pause.bin", "stored")).hasText(IN_THE_MIDDLE);

        press("pause.bin", "暂停 Pause");
        assertThat(row(page, "pause.bin").locator(".rate")).hasText("paused");
        assertThat(events(page, "browser", "pause.bin").last()).hasText("loadend");
        assertThat(percent(page, "pause.bin", "sent")).hasText(IN_THE_MIDDLE);
        slow(false);
        press("pause.bin", "继续 Go on");

        assertComplete("pause.bin", bytes);
        assertThat(events(page, "browser", "pause.bin")).hasText(new String[] {
            "loadstart", "progress", "abort", "loadend", "loadstart", "progress", "load", "loadend"
        });
    }

    @Test
    void whatIsCutOffInTheMiddleOfARequestIsAnAbortForTheServerToo() {
        CDPSession network = context.newCDPSession(page);
        throttle(network, 256 * 1024);
        byte[] bytes = choose("cut.bin", LARGE);
        assertThat(percent(page, "cut.bin", "stored")).hasText(IN_THE_MIDDLE);

        press("cut.bin", "暂停 Pause");
        for (String side : new String[] {"browser", "server"}) {
            assertThat(events(page, side, "cut.bin"))
                    .hasText(new String[] {"loadstart", "progress", "abort", "loadend"});
        }
        throttle(network, -1);
        press("cut.bin", "继续 Go on");

        assertComplete("cut.bin", bytes);
        for (String side : new String[] {"browser", "server"}) {
            assertThat(events(page, side, "cut.bin")).hasText(new String[] {
                "loadstart", "progress", "abort", "loadend", "loadstart", "progress", "load", "loadend"
            });
        }
    }

    @Test
    void anUploadIsCancelledAndTheServerForgetsIt() {
        expectedErrors = Pattern.compile("status of 404");
        slow(true);
        choose("cancel.bin", LARGE);
        assertThat(percent(page, "cancel.bin", "stored")).hasText(IN_THE_MIDDLE);
        String progress = watchLink("cancel.bin");

        press("cancel.bin", "取消 Cancel");

        assertThat(row(page, "cancel.bin").locator(".rate")).hasText("cancelled");
        assertThat(events(page, "browser", "cancel.bin"))
                .hasText(new String[] {"loadstart", "progress", "abort", "loadend"});
        assertThat(page.evaluate(
                        "url => fetch(url.split('/progress')[0], { method: 'HEAD', headers: { 'Tus-Resumable': '1.0.0' } })"
                                + ".then(({ status }) => status)",
                        progress))
                .isEqualTo(404);
        assertNothingIsKept();
    }

    @Test
    void aPageThatIsLoadedAgainInTheMiddleGoesOnByItself() {
        slow(true);
        byte[] bytes = choose("reload.bin", LARGE);
        assertThat(percent(page, "reload.bin", "stored")).hasText(IN_THE_MIDDLE);

        page.reload();
        assertThat(percent(page, "reload.bin", "sent")).hasText(IN_THE_MIDDLE);
        slow(false);

        assertComplete("reload.bin", bytes);
        assertThat(log(page, "browser", "reload.bin")
                        .locator("li", new Locator.LocatorOptions().setHasText("progress")))
                .hasCount(1);
    }

    @Test
    void whatIsPausedStaysSoWhenThePageIsLoadedAgain() {
        slow(true);
        byte[] bytes = choose("later.bin", LARGE);
        assertThat(percent(page, "later.bin", "stored")).hasText(IN_THE_MIDDLE);
        press("later.bin", "暂停 Pause");
        assertThat(row(page, "later.bin").locator(".rate")).hasText("paused");

        page.reload();

        assertThat(row(page, "later.bin").locator(".rate")).hasText("paused");
        assertThat(percent(page, "later.bin", "stored")).hasText(IN_THE_MIDDLE);
        slow(false);
        press("later.bin", "继续 Go on");
        assertComplete("later.bin", bytes);
    }

    @Test
    void anotherTabWatchesToTheEnd() {
        slow(true);
        byte[] bytes = choose("watched.bin", LARGE);
        assertThat(percent(page, "watched.bin", "stored")).hasText(IN_THE_MIDDLE);

        Page another = page.waitForPopup(() ->
                row(page, "watched.bin").getByText("Watch it in another tab").click());
        assertThat(percent(another, "watched.bin", "stored")).hasText(IN_THE_MIDDLE);
        assertThat(another.getByRole(AriaRole.BUTTON)
                        .filter(new Locator.FilterOptions().setHasText(Pattern.compile("Pause|Cancel|Go on"))))
                .hasCount(0);
        slow(false);

        assertThat(percent(another, "watched.bin", "stored")).hasText("100 %");
        assertThat(row(another, "watched.bin").locator(".rate")).hasText("complete");
        assertThat(events(another, "server", "watched.bin").last()).hasText("loadend");
        assertComplete("watched.bin", bytes);
    }

    @Test
    void anotherTabTakesOverFromOneThatIsClosed() {
        slow(true);
        byte[] bytes = choose("closed.bin", LARGE);
        assertThat(percent(page, "closed.bin", "stored")).hasText(IN_THE_MIDDLE);
        Page another = context.newPage();
        another.navigate(gallery.url() + "progress-event");
        assertThat(another.locator(".uploads")).isAttached();
        assertThat(row(another, "closed.bin")).hasCount(0);

        page.close();
        page = another;

        assertComplete("closed.bin", bytes);
    }

    @Test
    void aNetworkThatFailsIsAnErrorAndTheUploadGoesOnLater() {
        expectedErrors = Pattern.compile("net::ERR_");
        slow(true);
        byte[] bytes = choose("offline.bin", LARGE);
        assertThat(percent(page, "offline.bin", "stored")).hasText(IN_THE_MIDDLE);

        context.setOffline(true);
        assertThat(row(page, "offline.bin").locator(".rate")).hasText("PATCH: error");
        assertThat(events(page, "browser", "offline.bin"))
                .hasText(new String[] {"loadstart", "progress", "error", "loadend"});
        context.setOffline(false);
        slow(false);
        press("offline.bin", "继续 Go on");

        assertComplete("offline.bin", bytes);
    }

    // ---- the page

    private Locator input() {
        return page.getByLabel("选择文件 Choose files, or drop them here");
    }

    private static FilePayload file(String name, int size) {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return new FilePayload(name, "application/octet-stream", bytes);
    }

    private byte[] choose(String name, int size) {
        FilePayload file = file(name, size);
        input().setInputFiles(file);
        return file.buffer;
    }

    /** Lets the browser send so many bytes a second. Only the session that said so can take it back. */
    private static void throttle(CDPSession network, int bytes) {
        JsonObject conditions = new JsonObject();
        conditions.addProperty("offline", false);
        conditions.addProperty("latency", 0);
        conditions.addProperty("downloadThroughput", -1);
        conditions.addProperty("uploadThroughput", bytes);
        network.send("Network.emulateNetworkConditions", conditions);
    }

    private void slow(boolean slow) {
        page.getByRole(AriaRole.CHECKBOX).setChecked(slow);
    }

    private static Locator row(Page tab, String name) {
        return tab.locator(".uploads > li")
                .filter(new Locator.FilterOptions()
                        .setHas(tab.getByRole(AriaRole.HEADING).filter(new Locator.FilterOptions().setHasText(name))));
    }

    private void press(String name, String button) {
        row(page, name)
                .getByRole(AriaRole.BUTTON, new Locator.GetByRoleOptions().setName(button))
                .click();
    }

    /** The number beside a bar. */
    private static Locator percent(Page tab, String name, String bar) {
        return row(tab, name)
                .locator(".howfar", new Locator.LocatorOptions().setHasText(bar))
                .locator("b");
    }

    private static Locator log(Page tab, String side, String name) {
        return tab.getByLabel("Events of the " + side + ": " + name);
    }

    private static Locator events(Page tab, String side, String name) {
        return log(tab, side, name).locator("b");
    }

    private String watchLink(String name) {
        return (String) row(page, name)
                .getByText("Watch it in another tab")
                .evaluate("link => new URLSearchParams(new URL(link.href).hash.slice(1)).get('watch')");
    }

    private void assertComplete(String name, byte[] bytes) {
        Locator row = row(page, name);
        assertThat(row.locator(".rate")).hasText("complete");
        assertThat(row.locator("code")).hasText(sha256(bytes));
        for (String bar : new String[] {"sent", "stored"}) {
            assertThat(percent(page, name, bar)).hasText("100 %");
            assertThat(row.getByLabel(name + ": " + bar)).hasAttribute("value", "100");
        }
    }

    /** When the page is loaded again, there is nothing to go on with. */
    private void assertNothingIsKept() {
        assertThat(page.evaluate(
                        "() => import('/kept.js').then(({ kept }) => kept.keys()).then((keys) => keys.length)"))
                .isEqualTo(0);
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
