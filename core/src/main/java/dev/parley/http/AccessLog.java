package dev.parley.http;

import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One line for each exchange that ended, through the logger {@code dev.parley.access}. */
final class AccessLog {
    private static final Logger LOG = LoggerFactory.getLogger("dev.parley.access");

    void ended(HttpExchange exchange, EndReason reason, int status, long nanos) {
        LOG.info(
                "{} {} {} {} {} {}us",
                exchange.peerAddress().getHostString(),
                exchange.method(),
                printable(exchange.target()),
                status,
                reason,
                TimeUnit.NANOSECONDS.toMicros(nanos));
    }

    /** The target without its query, which may hold secrets, and without what a terminal would obey. */
    static String printable(String target) {
        int query = target.indexOf('?');
        String path = query < 0 ? target : target.substring(0, query) + "?…";
        StringBuilder out = new StringBuilder(path.length());
        path.chars().forEach(c -> {
            if (c > 0x20 && c < 0x7F || c == '…') {
                out.append((char) c);
            } else {
                out.append(String.format("\\x%02x", c));
            }
        });
        return out.toString();
    }
}
