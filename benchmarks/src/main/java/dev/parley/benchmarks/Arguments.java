package dev.parley.benchmarks;

import dev.parley.server.Transport;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What {@link Target} is told on its command line. */
record Arguments(
        String host,
        int port,
        int tlsPort,
        Transport transport,
        int loops,
        @Nullable Path files,
        @Nullable String origin) {

    static Arguments parse(String... args) {
        Arguments parsed = new Arguments(
                "127.0.0.1", 8080, -1, Transport.AUTO, Runtime.getRuntime().availableProcessors(), null, null);
        for (int i = 0; i < args.length; i += 2) {
            if (i + 1 == args.length) {
                throw new IllegalArgumentException(args[i] + ": no value (expected: one after it)");
            }
            parsed = parsed.with(args[i], args[i + 1]);
        }
        return parsed;
    }

    private Arguments with(String name, String value) {
        return switch (name) {
            case "--host" -> new Arguments(value, port, tlsPort, transport, loops, files, origin);
            case "--port" -> new Arguments(host, number(name, value), tlsPort, transport, loops, files, origin);
            case "--tls-port" -> new Arguments(host, port, number(name, value), transport, loops, files, origin);
            case "--transport" -> new Arguments(host, port, tlsPort, transport(value), loops, files, origin);
            case "--loops" -> new Arguments(host, port, tlsPort, transport, number(name, value), files, origin);
            case "--static" -> new Arguments(host, port, tlsPort, transport, loops, Path.of(value), origin);
            case "--origin" -> new Arguments(host, port, tlsPort, transport, loops, files, value);
            default ->
                throw new IllegalArgumentException(
                        name
                                + ": unknown (expected: --host, --port, --tls-port, --transport, --loops, --static or --origin)");
        };
    }

    private static int number(String name, String value) {
        try {
            return Integer.parseInt(value);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: a number)", e);
        }
    }

    private static Transport transport(String value) {
        try {
            return Transport.valueOf(value.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("--transport: " + value + " (expected: nio, epoll or io_uring)", e);
        }
    }
}
