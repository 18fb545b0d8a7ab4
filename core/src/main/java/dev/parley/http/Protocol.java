package dev.parley.http;

/** The version of HTTP that an exchange came over. */
public enum Protocol {
    /** HTTP/1.0, <a href="https://www.rfc-editor.org/rfc/rfc1945">RFC 1945</a>. */
    HTTP_1_0,
    /** HTTP/1.1, <a href="https://www.rfc-editor.org/rfc/rfc9112">RFC 9112</a>. */
    HTTP_1_1,
    /** One stream of HTTP/2, <a href="https://www.rfc-editor.org/rfc/rfc9113">RFC 9113</a>. */
    HTTP_2
}
