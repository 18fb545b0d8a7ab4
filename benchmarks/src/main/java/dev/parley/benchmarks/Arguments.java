package dev.parley.benchmarks;

import dev.parley.server.Transport;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What {@link Target} is told on its command line: names and values in turn. */
final class Arguments {
    private static final List<String> NAMES = List.of(
            "--host",
            "--port",
            "--tls-port",
            "--transport",
            "--loops",
            "--deflate",
            "--static",
            "--uploads",
            "--origin",
            "--beacon-log");

    private final Map<String, String> values;

    private Arguments(Map<String, String> values) {
        this.values = values;
    }

    static Arguments parse(String... args) {
        Map<String, String> values = new HashMap<>();
        for (int i = 0; i < args.length; i += 2) {
            if (!NAMES.contains(args[i])) {
                throw new IllegalArgumentException(
                        args[i] + ": unknown (expected: one of " + String.join(", ", NAMES) + ")");
            }
            if (i + 1 == args.length) {
                throw new IllegalArgumentException(args[i] + ": no value (expected: one after it)");
            }
            values.put(args[i], args[i + 1]);
        }
        Arguments parsed = new Arguments(Map.copyOf(values));
        // All are looked at, so that what is wrong is said at once.
        parsed.port();
        parsed.tlsPort();
        parsed.loops();
        parsed.transport();
        parsed.deflate();
        return parsed;
    }

    String host() {
        return values.getOrDefault("--host", "127.0.0.1");
    }

    int port() {
        return number("--port", 8080);
    }

    /** Negative for none. */
    int tlsPort() {
        return number("--tls-port", -1);
    }

    int loops() {
        return number("--loops", Runtime.getRuntime().availableProcessors());
    }

    Transport transport() {
        String value = values.getOrDefault("--transport", "auto");
        try {
            return Transport.valueOf(value.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("--transport: " + value + " (expected: nio, epoll or io_uring)", e);
        }
    }

    /** Whether WebSockets agree on compression. */
    boolean deflate() {
        String value = values.getOrDefault("--deflate", "on");
        return switch (value) {
            case "on" -> true;
            case "off" -> false;
            default -> throw new IllegalArgumentException("--deflate: " + value + " (expected: on or off)");
        };
    }

    @Nullable
    Path files() {
        String value = values.get("--static");
        return value == null ? null : Path.of(value);
    }

    /** Where uploads are kept; {@code null} for a directory that is deleted at the end. */
    @Nullable
    Path uploads() {
        String value = values.get("--uploads");
        return value == null ? null : Path.of(value);
    }

    /** Where beacons are logged, durably; {@code null} if they are only counted. */
    @Nullable
    Path beaconLog() {
        String value = values.get("--beacon-log");
        return value == null ? null : Path.of(value);
    }

    @Nullable
    String origin() {
        return values.get("--origin");
    }

    private int number(String name, int otherwise) {
        String value = values.get(name);
        try {
            return value == null ? otherwise : Integer.parseInt(value);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: a number)", e);
        }
    }
}
