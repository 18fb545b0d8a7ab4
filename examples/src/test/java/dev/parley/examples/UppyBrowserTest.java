package dev.parley.examples;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static dev.parley.testkit.ParleyAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.microsoft.playwright.Browser;
import com.microsoft.playwright.CDPSession;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.assertions.LocatorAssertions;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.FilePayload;
import dev.parley.http.Response;
import dev.parley.http.Routes;
import dev.parley.server.ParleyServer;
import dev.parley.testkit.ProgressRecorder;
import dev.parley.upload.MemoryUploadStore;
import dev.parley.upload.Upload;
import dev.parley.upload.UploadEndpoint;
import dev.parley.upload.UploadProgress.EventType;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Uppy as pages have it: its own bundle and its dashboard, in a real browser, where somebody pauses and goes on. */
@NullUnmarked
@Timeout(Patience.TEST_SECONDS)
@ExtendWith({InstalledBrowser.class, NodeClients.class})
final class UppyBrowserTest {
    private static final Path BUNDLE = Path.of("src/test/js/node_modules/uppy/dist");
    /** Takes a minute while the network is slow, so that there is time to pause in the middle. */
    private static final int SIZE = 8 * 1024 * 1024;

    private static final LocatorAssertions.HasCountOptions PATIENT =
            new LocatorAssertions.HasCountOptions().setTimeout(Patience.ASSERTION_MILLIS);

    private final ProgressRecorder progress = new ProgressRecorder();
    private final Map<String, String> stored = new ConcurrentHashMap<>();
    private final UploadEndpoint uploads = UploadEndpoint.builder(MemoryUploadStore.create())
            .onProgress(progress)
            .onComplete(upload -> {
                stored.put(upload.fileName().orElse(""), sha256(upload));
                return Response.noContent();
            })
            .build();

    @Test
    void twoFilesArePausedAndGoOn() throws Exception {
        FilePayload[] files = {file("\u5c0f\u9ea6 1.bin", 1), file("\u5c0f\u9ea6 2.bin", 2)};
        List<String> errors = new ArrayList<>();
        try (ParleyServer server = serve();
                Playwright playwright = InstalledBrowser.playwright();
                Browser browser = InstalledBrowser.launch(playwright)) {
            Page page = Patience.in(browser.newContext()).newPage();
            page.onPageError(errors::add);
            page.navigate("http://127.0.0.1:" + server.port() + "/");
            page.addStyleTag(new Page.AddStyleTagOptions().setPath(BUNDLE.resolve("uppy.min.css")));
            page.addScriptTag(new Page.AddScriptTagOptions().setPath(BUNDLE.resolve("uppy.min.js")));
            page.evaluate("""
                    () => {
                      window.uppy = new Uppy.Uppy()
                        .use(Uppy.Dashboard, { inline: true, target: 'body' })
                        .use(Uppy.Tus, { endpoint: `${location.origin}/uploads`, retryDelays: [0, 100, 1000] })
                    }""");
            page.locator(".uppy-Dashboard-input").first().setInputFiles(files);
            CDPSession network = page.context().newCDPSession(page);
            throttle(network, 256 * 1024);

            press(page, "Upload 2 files");
            page.waitForFunction("() => uppy.getFiles().every(({ progress }) => progress.bytesUploaded > 100_000)");
            press(page, "Pause");
            assertThat(button(page, "Resume")).hasCount(1, PATIENT);
            assertThat(stored).isEmpty();
            throttle(network, -1);
            press(page, "Resume");
            assertThat(page.locator(".uppy-StatusBar.is-complete")).hasCount(1, PATIENT);
        }
        assertThat(errors).isEmpty();
        assertThat(stored).hasSize(2);
        for (FilePayload file : files) {
            assertThat(stored).containsEntry(file.name, sha256(file.buffer));
        }
        assertThat(progress).isInOrder();
        assertThat(progress.uploads()).hasSize(2).allSatisfy(upload -> {
            assertThat(progress.of(upload)).hasLoaded(SIZE);
            assertThat(progress.of(upload).types())
                    .containsSubsequence(
                            EventType.LOADSTART,
                            EventType.ABORT,
                            EventType.LOADEND,
                            EventType.LOADSTART,
                            EventType.LOAD,
                            EventType.LOADEND);
        });
    }

    private ParleyServer serve() throws Exception {
        return ParleyServer.builder()
                .host("127.0.0.1")
                .port(0)
                .eventLoops(1)
                .routes(Routes.builder()
                        .get("/", exchange -> exchange.respond(Response.html("<!doctype html><title>Uppy</title>")))
                        .any("/uploads/*", uploads)
                        .build())
                .build()
                .start();
    }

    private static Locator button(Page page, String name) {
        return page.getByRole(
                AriaRole.BUTTON, new Page.GetByRoleOptions().setName(name).setExact(true));
    }

    private static void press(Page page, String name) {
        button(page, name).click();
    }

    /** Lets the browser send so many bytes a second. */
    private static void throttle(CDPSession network, int bytes) {
        JsonObject conditions = new JsonObject();
        conditions.addProperty("offline", false);
        conditions.addProperty("latency", 0);
        conditions.addProperty("downloadThroughput", -1);
        conditions.addProperty("uploadThroughput", bytes);
        network.send("Network.emulateNetworkConditions", conditions);
    }

    private static FilePayload file(String name, int seed) {
        byte[] bytes = new byte[SIZE];
        new Random(seed).nextBytes(bytes);
        return new FilePayload(name, "application/octet-stream", bytes);
    }

    private static String sha256(Upload upload) {
        try (InputStream content = upload.content()) {
            return sha256(content.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
