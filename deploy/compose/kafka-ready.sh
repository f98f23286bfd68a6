#!/bin/bash
# Kafka's health check: the broker answers an ApiVersions request (key 18, version 0) without an error. The broker's
# own tools would start a JVM each time.
exec 3<>/dev/tcp/127.0.0.1/9092 || exit 1
printf '\0\0\0\x0a\0\x12\0\0\0\0\0\x01\xff\xff' >&3
# length (any), correlation id 1, error code 0
[ "$(head -c 10 <&3 | tail -c 6 | od -An -tx1 | tr -d ' \n')" = 000000010000 ]
