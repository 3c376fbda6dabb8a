"""Fetch the Delta and S3A jars with Spark's own package resolver.

``python -m local_stack.install.jars FOLDER``, in Glue's environment, with ``JAVA_HOME`` set.
"""

import os
import shutil
import sys
from pathlib import Path
from typing import Any

from py4j.protocol import Py4JJavaError  # type: ignore[import-untyped]
from pyspark.java_gateway import launch_gateway

from local_aws.spark_defaults import EXCLUDES, PACKAGES

UNREACHABLE = (
    "Spark could not fetch the Delta and S3A jars from Maven Central. Behind a proxy, tell Java "
    "of it with JAVA_TOOL_OPTIONS='-Dhttps.proxyHost=… -Dhttps.proxyPort=…'; where the network has "
    "certificates of its own, name their file in SSL_CERT_FILE."
)


def fetch_jars(folder: Path) -> None:
    """Resolve the packages into `folder`, which appears only when it is complete."""
    cache = folder.with_name("ivy")
    shutil.rmtree(cache, ignore_errors=True)
    resolve(cache)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.move(cache / "jars", folder)
    shutil.rmtree(cache)


def resolve(cache: Path) -> None:
    """Resolve the packages as ``spark-submit --packages`` does, writing only into `cache`."""
    jvm = launch_gateway().jvm  # type: ignore[no-untyped-call]
    # The resolver asks ~/.m2 first and fails where that has a description without its jar.
    jvm.System.setProperty("user.home", str(cache))
    if bundle := os.environ.get("SSL_CERT_FILE"):
        trust(jvm, bundle)
    jvm.org.apache.spark.util.DependencyUtils.resolveMavenDependencies(
        True, ",".join(EXCLUDES), ",".join(PACKAGES), None, str(cache), jvm.scala.Option.empty()
    )


def trust(jvm: Any, bundle: str) -> None:
    """Let Java trust the certificates in a PEM file; it would only know those that it came with."""
    store = jvm.java.security.KeyStore.getInstance("PKCS12")
    store.load(None, None)
    factory = jvm.java.security.cert.CertificateFactory.getInstance("X.509")
    for certificate in factory.generateCertificates(jvm.java.io.FileInputStream(bundle)):
        store.setCertificateEntry(str(certificate.hashCode()), certificate)
    managers = jvm.javax.net.ssl.TrustManagerFactory.getInstance("PKIX")
    managers.init(store)
    context = jvm.javax.net.ssl.SSLContext.getInstance("TLS")
    context.init(None, managers.getTrustManagers(), None)
    jvm.javax.net.ssl.SSLContext.setDefault(context)


if __name__ == "__main__":
    try:
        fetch_jars(Path(sys.argv[1]).resolve())
    except Py4JJavaError as error:
        sys.exit(f"{error.java_exception.getMessage()}\n{UNREACHABLE}")
