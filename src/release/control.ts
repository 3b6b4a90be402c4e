/**
 * The texts of a Debian package: control fields, maintainer scripts, conffiles, copyright, changelog
 * (Debian Policy §5, §6, §10.7, §12). Pure.
 */

export interface ControlFacts {
  readonly version: string;
  readonly arch: 'amd64' | 'arm64';
  readonly installedKiB: number;
}

export const MAINTAINER = 'Originwatch developers <originwatch@originwatch.invalid>';

/**
 * What runs on Debian 12 and 13 and Ubuntu 22.04 and 24.04: glibc 2.34 for the driver, 2.28 for Node. The C++ library is
 * the system's, which `apt` itself needs: Debian 12's own, brought along, would refuse the glibc of Ubuntu 22.04.
 */
export function controlFile({ version, arch, installedKiB }: ControlFacts): string {
  return `Package: originwatch
Version: ${version}
Architecture: ${arch}
Maintainer: ${MAINTAINER}
Installed-Size: ${installedKiB}
Depends: libc6 (>= 2.34), libgcc-s1 (>= 4.2), libstdc++6 (>= 11)
Recommends: ca-certificates
Suggests: bzip2
Section: net
Priority: optional
Description: BGP hijack detection daemon
 Originwatch streams BGP updates from RIPE RIS Live and from your own routers,
 compares the origin AS of the prefixes on a watchlist with a baseline, and
 raises an incident the moment an origin changes. It serves an alert feed and a
 dashboard and notifies Slack and other receivers.
 .
 The package brings its own runtime and needs no other Node.js.
`;
}

export const CONFFILES = ['/etc/originwatch/originwatch.yaml', '/etc/originwatch/watchlist.yaml'];

export const POSTINST = `#!/bin/sh
set -e
if [ "$1" = configure ]; then
  if command -v deb-systemd-helper >/dev/null; then
    deb-systemd-helper unmask originwatch.service >/dev/null || true
    if deb-systemd-helper --quiet was-enabled originwatch.service; then
      deb-systemd-helper enable originwatch.service >/dev/null || true
    else
      deb-systemd-helper update-state originwatch.service >/dev/null || true
    fi
  fi
  if [ -d /run/systemd/system ]; then
    systemctl --system daemon-reload >/dev/null || true
    if [ -n "$2" ]; then
      deb-systemd-invoke restart originwatch.service >/dev/null || true
    else
      deb-systemd-invoke start originwatch.service >/dev/null || true
    fi
  fi
fi
`;

export const PRERM = `#!/bin/sh
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
  deb-systemd-invoke stop originwatch.service >/dev/null || true
fi
`;

/** Removing keeps the data, purging does not: the state is where systemd keeps that of a dynamic user. */
export const POSTRM = `#!/bin/sh
set -e
if [ -d /run/systemd/system ]; then
  systemctl --system daemon-reload >/dev/null || true
fi
if [ "$1" = remove ] && command -v deb-systemd-helper >/dev/null; then
  deb-systemd-helper mask originwatch.service >/dev/null || true
fi
if [ "$1" = purge ]; then
  if command -v deb-systemd-helper >/dev/null; then
    deb-systemd-helper purge originwatch.service >/dev/null || true
    deb-systemd-helper unmask originwatch.service >/dev/null || true
  fi
  rm -rf /var/lib/originwatch /var/lib/private/originwatch
fi
`;

/** What lintian says and why it stays, one line a tag. */
export const LINTIAN_OVERRIDES = `# The runtime is that of Node.js itself, with its own zlib, OpenSSL, ICU and more inside; see the copyright file.
originwatch: embedded-library *
# Kept under its own folder, so that another Node.js on the machine and this one never meet.
originwatch: hardening-no-pie *
`;

export function changelog(version: string, on: Date): string {
  const day = on.toUTCString().replace('GMT', '+0000');
  return `originwatch (${version}) unstable; urgency=medium

  * Release ${version}. What changed is told in CHANGELOG in the README.

 -- ${MAINTAINER}  ${day}
`;
}

/** DEP 5. `licences`: of each package that is brought along, name and version → its licence's short name. */
export function copyright(licences: ReadonlyMap<string, string>): string {
  const brought = [...licences].map(([name, licence]) => ` ${name}: ${licence}`).join('\n');
  return `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: originwatch

Files: *
Copyright: 2025-2026 the Originwatch developers
License: Apache-2.0
 On Debian systems the full text of the Apache License 2.0 stands in
 /usr/share/common-licenses/Apache-2.0.

Files: usr/lib/originwatch/bin/node
Copyright: 2009-2026 the Node.js contributors
License: MIT
 The licences of Node.js and of what it holds stand in
 /usr/share/doc/originwatch/LICENSE.node.gz.

Files: usr/lib/originwatch/node_modules/*
Copyright: their authors
License: as-named
 The licence of each package stands in its folder:
${brought}
`;
}
