package dev.parley.http;

import static java.util.Map.entry;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Media types by the extension of a file's name: what browsers know by themselves, and what sites commonly offer for
 * download.
 *
 * <p>Text is stated to be UTF-8, JavaScript included (RFC 9239). JSON has no {@code charset} (RFC 8259 section 11), and
 * XML, so SVG too, says its own.
 *
 * @param byExtension types by extension, in lower case and without the dot
 */
record MediaTypes(Map<String, String> byExtension) {
    /** For a name without an extension, or with one that is not in the table. Browsers download it. */
    static final String UNKNOWN = "application/octet-stream";

    static final MediaTypes BUILT_IN = new MediaTypes(Map.ofEntries(
            entry("html", "text/html; charset=utf-8"),
            entry("htm", "text/html; charset=utf-8"),
            entry("css", "text/css; charset=utf-8"),
            entry("js", "text/javascript; charset=utf-8"),
            entry("mjs", "text/javascript; charset=utf-8"),
            entry("txt", "text/plain; charset=utf-8"),
            entry("log", "text/plain; charset=utf-8"),
            entry("md", "text/markdown; charset=utf-8"),
            entry("csv", "text/csv; charset=utf-8"),
            entry("vtt", "text/vtt; charset=utf-8"),
            entry("ics", "text/calendar; charset=utf-8"),
            entry("json", "application/json"),
            entry("map", "application/json"),
            entry("jsonld", "application/ld+json"),
            entry("geojson", "application/geo+json"),
            entry("webmanifest", "application/manifest+json"),
            entry("ndjson", "application/x-ndjson"),
            entry("yaml", "application/yaml"),
            entry("yml", "application/yaml"),
            entry("xml", "application/xml"),
            entry("xhtml", "application/xhtml+xml"),
            entry("atom", "application/atom+xml"),
            entry("rss", "application/rss+xml"),
            entry("wasm", "application/wasm"),
            entry("pdf", "application/pdf"),
            entry("zip", "application/zip"),
            entry("gz", "application/gzip"),
            entry("svg", "image/svg+xml"),
            entry("png", "image/png"),
            entry("jpg", "image/jpeg"),
            entry("jpeg", "image/jpeg"),
            entry("gif", "image/gif"),
            entry("webp", "image/webp"),
            entry("avif", "image/avif"),
            entry("bmp", "image/bmp"),
            entry("ico", "image/vnd.microsoft.icon"),
            entry("woff", "font/woff"),
            entry("woff2", "font/woff2"),
            entry("ttf", "font/ttf"),
            entry("otf", "font/otf"),
            entry("mp3", "audio/mpeg"),
            entry("m4a", "audio/mp4"),
            entry("aac", "audio/aac"),
            entry("flac", "audio/flac"),
            entry("wav", "audio/wav"),
            entry("oga", "audio/ogg"),
            entry("ogg", "audio/ogg"),
            entry("opus", "audio/ogg"),
            entry("weba", "audio/webm"),
            entry("mp4", "video/mp4"),
            entry("webm", "video/webm"),
            entry("ogv", "video/ogg"),
            entry("mov", "video/quicktime"),
            entry("m3u8", "application/vnd.apple.mpegurl"),
            entry("mpd", "application/dash+xml")));

    MediaTypes {
        byExtension = Map.copyOf(byExtension);
    }

    /** The type of a file, by its name or path. */
    String of(String path) {
        int dot = path.lastIndexOf('.');
        return dot < 0
                ? UNKNOWN
                : byExtension.getOrDefault(path.substring(dot + 1).toLowerCase(Locale.ROOT), UNKNOWN);
    }

    /** The same table with one type more, or another. */
    MediaTypes with(String extension, String type) {
        Map<String, String> more = new HashMap<>(byExtension);
        more.put(extension, type);
        return new MediaTypes(more);
    }
}
