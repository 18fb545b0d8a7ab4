package dev.parley.examples;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Playwright;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * The Chromium of this machine, driven by Playwright on the Node.js of this machine. As an extension it skips the tests of a class
 * where one of them is not installed, and says so; under {@code CI=true} they fail instead.
 */
final class InstalledBrowser implements ExecutionCondition {
    /** A script for pages with WebRTC. Whatever addresses this machine has, nothing leaves it: only candidates of its loopback interface are heard of. */
    static final String LOOPBACK_ONLY = """
            {
              const { addIceCandidate, setRemoteDescription } = RTCPeerConnection.prototype
              const isAway = (line) => line.includes('candidate:') && !line.includes(' 127.0.0.1 ')
              RTCPeerConnection.prototype.addIceCandidate = async function (candidate) {
                if (!isAway(candidate?.candidate ?? '')) await addIceCandidate.call(this, candidate)
              }
              RTCPeerConnection.prototype.setRemoteDescription = async function ({ type, sdp }) {
                const lines = sdp.split('\\r\\n').filter((line) => !isAway(line))
                await setRemoteDescription.call(this, { type, sdp: lines.join('\\r\\n') })
              }
            }
            """;

    private static final Optional<Path> CHROMIUM = Stream.concat(
                    Optional.ofNullable(System.getenv("CHROMIUM_PATH")).map(Path::of).stream(),
                    installed(
                            "chromium",
                            "chromium-browser",
                            "google-chrome",
                            "google-chrome-stable",
                            "chrome",
                            "Google Chrome"))
            .findFirst();
    static final Optional<Path> NODE = installed("node", "nodejs").findFirst();

    static Stream<Path> installed(String... names) {
        List<String> directories = List.of((System.getenv("PATH") + File.pathSeparator
                        + "/Applications/Google Chrome.app/Contents/MacOS" + File.pathSeparator
                        + "/Applications/Chromium.app/Contents/MacOS")
                .split(File.pathSeparator));
        return Arrays.stream(names)
                .flatMap(name -> directories.stream().map(directory -> Path.of(directory, name)))
                .filter(Files::isExecutable);
    }

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        if (CHROMIUM.isPresent() && NODE.isPresent()) {
            return ConditionEvaluationResult.enabled("Chromium: " + CHROMIUM.get() + ", Node.js: " + NODE.get());
        }
        String missing = "no browser for " + context.getDisplayName() + ": Chromium or Node.js is not installed"
                + " (Debian: apt-get install chromium nodejs; or name a browser in CHROMIUM_PATH)";
        if ("true".equals(System.getenv("CI"))) {
            throw new IllegalStateException(missing);
        }
        System.out.println("Skipped, " + missing);
        return ConditionEvaluationResult.disabled(missing);
    }

    static Playwright playwright() {
        return Playwright.create(new Playwright.CreateOptions()
                .setEnv(Map.of(
                        "PLAYWRIGHT_NODEJS_PATH",
                        NODE.orElseThrow().toString(),
                        "PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD",
                        "1")));
    }

    static Browser launch(Playwright playwright, String... more) {
        // No sandbox, as containers have none; nothing that the browser would ask the network for by itself.
        List<String> arguments = new ArrayList<>(List.of(
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync"));
        arguments.addAll(List.of(more));
        return playwright
                .chromium()
                .launch(new BrowserType.LaunchOptions()
                        .setExecutablePath(CHROMIUM.orElseThrow())
                        .setArgs(arguments));
    }
}
