package dev.parley.testkit;

import io.netty.handler.codec.http.HttpHeaders;

/**
 * Another protocol that a client asks for.
 *
 * @param protocol its name
 * @param overHttp1 fields that HTTP/1.1 alone needs, each sent unless the test has set it
 */
record Upgrade(String protocol, HttpHeaders overHttp1) {}
