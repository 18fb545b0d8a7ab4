package dev.parley.beacon;

import java.net.InetAddress;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Whence a beacon came, as far as its request tells. All of it is a client's word, except the address.
 *
 * <p><b>Limits.</b> Texts are cut: the path at 1,024 characters, origin and user agent at 512, the referrer at 2,048.
 *
 * <p><b>Threading.</b> Immutable.
 *
 * @param address the client's address: what a trusted proxy says, else that of the connection
 * @param path the path that it was sent to, decoded, without the query
 * @param origin {@code Origin}, or {@code null}
 * @param referrer {@code Referer}, or {@code null}; without its query unless the collector keeps queries
 * @param userAgent {@code User-Agent}, or {@code null}
 * @param cookies those that the collector was told to keep, by name; empty unless it was
 */
public record BeaconSource(
        InetAddress address,
        String path,
        @Nullable String origin,
        @Nullable String referrer,
        @Nullable String userAgent,
        Map<String, String> cookies) {
    private static final int PATH_CHARS = 1024;
    private static final int SHORT_CHARS = 512;
    private static final int REFERRER_CHARS = 2048;

    /**
     * Cuts what is too long.
     *
     * @param address see above
     * @param path see above
     * @param origin see above
     * @param referrer see above
     * @param userAgent see above
     * @param cookies copied
     */
    public BeaconSource {
        path = path.length() > PATH_CHARS ? path.substring(0, PATH_CHARS) : path;
        origin = cut(origin, SHORT_CHARS);
        referrer = cut(referrer, REFERRER_CHARS);
        userAgent = cut(userAgent, SHORT_CHARS);
        cookies = Map.copyOf(cookies);
    }

    private static @Nullable String cut(@Nullable String text, int chars) {
        return text == null || text.length() <= chars ? text : text.substring(0, chars);
    }

    /** What its texts take of the heap, roughly. */
    int weight() {
        int cookieChars = 0;
        for (Map.Entry<String, String> cookie : cookies.entrySet()) {
            cookieChars += cookie.getKey().length() + cookie.getValue().length();
        }
        return path.length() + length(origin) + length(referrer) + length(userAgent) + cookieChars;
    }

    private static int length(@Nullable String text) {
        return text == null ? 0 : text.length();
    }

    /**
     * What it is, for logs.
     *
     * @return all but the values of cookies, with what does not print escaped, and long texts cut
     */
    @Override
    public String toString() {
        return "BeaconSource[address=" + address.getHostAddress() + ", path=" + Printable.of(path) + ", origin="
                + Printable.of(origin) + ", referrer=" + Printable.of(referrer) + ", userAgent="
                + Printable.of(userAgent) + ", cookies=" + Printable.of(String.join(" ", cookies.keySet())) + "]";
    }
}
