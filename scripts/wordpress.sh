#!/usr/bin/env bash
# A real WordPress on loopback, to see what syncd does on a stock one.
#
#   SYNCD_PORTAL_STATE=/tmp/wp scripts/wordpress.sh start | status | stop | reset | destroy
#
#   start     installs the distribution's packages where they are missing (root only), makes the site where there is none,
#             starts MariaDB on a Unix socket and PHP's own web server on 127.0.0.1; calling it again changes nothing
#   status    what start prints; exit 3 and "running": false when it is down
#   stop      ends the two processes that start began, by their ids, and nothing else
#   reset     a new, empty site
#   destroy   stop, and remove the state directory
#
# One JSON document on standard output (base_url, users with application passwords, categories), the log on standard error.
#   SYNCD_PORTAL_PORT      port to listen on; default: a free one, kept until stop
#   SYNCD_PORTAL_WORKERS   PHP processes, default 4: with a single one no two requests ever meet
#   SYNCD_PORTAL_INSTALL   0: never install packages, exit 4 where one is missing
# Passwords here guard a site that listens on loopback and holds made-up posts only.
set -euo pipefail

STATE=${SYNCD_PORTAL_STATE:?set SYNCD_PORTAL_STATE to a directory of its own}
mkdir -p "$STATE"; STATE=$(cd "$STATE" && pwd)
NEEDED=(wordpress php-cli php-mysql php-curl php-gd php-xml php-mbstring php-zip mariadb-server mariadb-client curl)
SOCKET=$STATE/db.sock

say() { printf 'wordpress.sh: %s\n' "$*" >&2; }
die() { local code=$1; shift; say "$*"; exit "$code"; }

# --- processes -------------------------------------------------------------------------------------

# The id in the file is ours only while its command line still names our state directory: ids are used again.
running() { [ -s "$STATE/$1.pid" ] && { tr '\0' ' ' <"/proc/$(<"$STATE/$1.pid")/cmdline"; } 2>/dev/null | grep -qF -- "$STATE"; }

end() { # NAME: with its process group, since PHP's web server leaves its workers behind on SIGTERM
  if running "$1"; then
    local pid; pid=$(<"$STATE/$1.pid")
    kill -TERM -- "-$pid" 2>/dev/null || true
    local _; for _ in {1..100}; do kill -0 -- "-$pid" 2>/dev/null || break; sleep 0.1; done
    kill -KILL -- "-$pid" 2>/dev/null || true
  fi
  rm -f "$STATE/$1.pid"
}

launch() { # NAME COMMAND...: in a group of its own, without the lock
  local name=$1; shift
  setsid "$@" >>"$STATE/$name.log" 2>&1 </dev/null 9>&- &
  echo $! >"$STATE/$name.pid"
}

await() { # NAME COMMAND...: until COMMAND succeeds while NAME runs, at most 60 s
  local name=$1 pid; shift
  pid=$(<"$STATE/$name.pid")
  local _; for _ in {1..300}; do
    kill -0 "$pid" 2>/dev/null || break  # not `running`: its command line is still this script's for a moment
    if "$@" >/dev/null 2>&1 && running "$name"; then return 0; fi
    sleep 0.2
  done
  tail -n 20 "$STATE/$name.log" >&2 || true
  return 1
}

# --- packages ----------------------------------------------------------------------------------------

install_packages() {
  local missing=() name
  for name in "${NEEDED[@]}"; do
    dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null | grep -qx installed || missing+=("$name")
  done
  [ ${#missing[@]} = 0 ] && return 0
  [ "${SYNCD_PORTAL_INSTALL:-1}" = 1 ] || die 4 "missing packages: ${missing[*]}"
  [ "$(id -u)" = 0 ] || die 4 "missing packages, and only root can install them: apt-get install ${missing[*]}"
  say "installing ${missing[*]}"
  # the package would start a database server of its own; this policy keeps services down while it is installed
  local policy=/usr/sbin/policy-rc.d made=
  if [ ! -e $policy ]; then printf '#!/bin/sh\nexit 101\n' >$policy; chmod 755 $policy; made=yes; fi
  local done=yes
  { apt-get -o DPkg::Lock::Timeout=300 -qq update || true
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -qq -y --no-install-recommends install "${missing[@]}"
  } >&2 </dev/null || done=no
  [ -z "$made" ] || rm -f $policy
  [ $done = yes ] || die 4 "the packages could not be installed"
}

# --- the site ------------------------------------------------------------------------------------------

sql() { mariadb --no-defaults -uroot -S "$SOCKET" "$@"; }
database_answers() { mariadb-admin --no-defaults -uroot -S "$SOCKET" ping; }

start_database() {
  running database && return 0
  if [ ! -e "$STATE/database/.made" ]; then
    say "making the database"
    rm -rf "$STATE/database"; mkdir -p "$STATE/database"
    mariadb-install-db --no-defaults --user="$(id -un)" --datadir="$STATE/database" --skip-test-db \
      --auth-root-authentication-method=normal --innodb-log-file-size=16M >"$STATE/database-install.log" 2>&1 \
      || { tail -n 20 "$STATE/database-install.log" >&2; die 5 "the database could not be made"; }
    : >"$STATE/database/.made"
  fi
  launch database mariadbd --no-defaults --user="$(id -un)" --datadir="$STATE/database" --socket="$SOCKET" \
    --pid-file="$STATE/mariadbd-own.pid" --skip-networking --character-set-server=utf8mb4 \
    --innodb-log-file-size=16M --innodb-buffer-pool-size=64M
  await database database_answers || die 5 "the database did not start"
}

write_files() {
  rm -rf "$STATE/www"
  cp -rL /usr/share/wordpress "$STATE/www"  # the package links into /etc and /var; copied, the site stands alone
  if ! ls -d "$STATE"/www/wp-content/themes/*/ >/dev/null 2>&1; then
    # themes are only recommended by the package
    local theme=$STATE/www/wp-content/themes/plain; mkdir -p "$theme"
    printf '/*\nTheme Name: Plain\n*/\n' >"$theme/style.css"
    printf '<?php add_theme_support( "post-thumbnails" );\n' >"$theme/functions.php"
    cat >"$theme/index.php" <<'PHP'
<!doctype html><html lang="vi"><head><?php wp_head(); ?></head><body>
<?php while ( have_posts() ) { the_post(); the_title( '<h1>', '</h1>' ); the_content(); } wp_footer(); ?>
</body></html>
PHP
  fi
  mkdir -p "$STATE/www/wp-content/uploads" "$STATE/www/wp-content/mu-plugins"
  printf '<?php add_filter( "pre_wp_mail", "__return_true" ); // nobody gets mail from here\n' \
    >"$STATE/www/wp-content/mu-plugins/no-mail.php"
  cat >"$STATE/www/wp-config.php" <<PHP
<?php
define( 'DB_NAME', 'wordpress' );
define( 'DB_USER', 'root' );
define( 'DB_PASSWORD', '' );
define( 'DB_HOST', 'localhost:$SOCKET' );
define( 'DB_CHARSET', 'utf8mb4' );
define( 'DB_COLLATE', '' );
foreach ( array( 'AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE' ) as \$name ) {
	define( \$name . '_KEY', \$name . ' key, loopback only' );
	define( \$name . '_SALT', \$name . ' salt, loopback only' );
}
// read at each request: the port may be another one after the next start
define( 'WP_HOME', trim( file_get_contents( '$STATE/url' ) ) );
define( 'WP_SITEURL', WP_HOME );
define( 'WP_ENVIRONMENT_TYPE', 'local' ); // application passwords without https
define( 'WP_HTTP_BLOCK_EXTERNAL', true );
define( 'DISABLE_WP_CRON', true );
define( 'AUTOMATIC_UPDATER_DISABLED', true );
\$table_prefix = 'wp_';
if ( ! defined( 'ABSPATH' ) ) {
	define( 'ABSPATH', __DIR__ . '/' );
}
require_once ABSPATH . 'wp-settings.php';
PHP
  cat >"$STATE/router.php" <<'PHP'
<?php // permalinks without a web server's rewrite rules
$root = $_SERVER['DOCUMENT_ROOT'];
$path = $root . urldecode( (string) parse_url( $_SERVER['REQUEST_URI'], PHP_URL_PATH ) );
if ( is_file( $path ) || is_file( rtrim( $path, '/' ) . '/index.php' ) ) {
	return false;
}
$_SERVER['SCRIPT_NAME'] = $_SERVER['PHP_SELF'] = '/index.php';
$_SERVER['SCRIPT_FILENAME'] = $root . '/index.php';
chdir( $root );
require $root . '/index.php';
PHP
  cat >"$STATE/install.php" <<'PHP'
<?php
list( , $state, $url ) = $argv;
define( 'WP_INSTALLING', true );
$_SERVER['HTTP_HOST'] = substr( $url, strlen( 'http://' ) );
$_SERVER['REQUEST_URI'] = '/';
$_SERVER['REQUEST_METHOD'] = 'GET';
$_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
require "$state/www/wp-load.php";
require ABSPATH . 'wp-admin/includes/upgrade.php';
wp_install( 'Cổng thông tin tỉnh Ví Dụ (thử nghiệm)', 'admin', 'admin@vidu.example', true, '', 'admin on loopback' );
foreach ( get_posts( array( 'post_type' => array( 'post', 'page' ), 'post_status' => 'any', 'numberposts' => -1 ) ) as $sample ) {
	wp_delete_post( $sample->ID, true );
}
$theme = basename( current( glob( WP_CONTENT_DIR . '/themes/*', GLOB_ONLYDIR ) ) );
foreach ( array(
	'template' => $theme,
	'stylesheet' => $theme,
	'timezone_string' => 'Asia/Ho_Chi_Minh',
	'blog_public' => 0,
	'permalink_structure' => '/%year%/%monthnum%/%postname%/',
) as $option => $value ) {
	update_option( $option, $value );
}
flush_rewrite_rules( false );
// all that syncd needs where the portal's editors approve: everything but publishing
$rights = array( 'read', 'upload_files', 'edit_posts', 'edit_others_posts', 'edit_published_posts', 'edit_private_posts', 'read_private_posts', 'manage_categories' );
add_role( 'syncd_pending', 'syncd, without publishing', array_fill_keys( $rights, true ) );
$roles = array( 'admin' => 'administrator', 'syncd' => 'editor', 'syncd_pending' => 'syncd_pending', 'unit_a' => 'author', 'unit_b' => 'author' );
$shown = array( 'unit_a' => 'Ban A Ví Dụ', 'unit_b' => 'Ban B Ví Dụ' );
$users = array();
foreach ( $roles as $login => $role ) {
	$id = username_exists( $login );
	if ( ! $id ) {
		$id = wp_insert_user( array( 'user_login' => $login, 'user_pass' => "$login on loopback", 'user_email' => "$login@vidu.example", 'display_name' => $shown[ $login ] ?? $login, 'role' => $role ) );
	}
	$made = WP_Application_Passwords::create_new_application_password( $id, array( 'name' => 'syncd' ) );
	$users[ $login ] = array( 'id' => $id, 'role' => $role, 'application_password' => $made[0] );
}
$categories = array();
foreach ( array( 'tin-tuc' => 'Tin tức', 'thong-bao' => 'Thông báo' ) as $slug => $name ) {
	$term = wp_insert_term( $name, 'category', array( 'slug' => $slug ) );
	$categories[ $name ] = (int) $term['term_id'];
}
file_put_contents( "$state/site.json", json_encode( array( 'version' => $GLOBALS['wp_version'], 'users' => $users, 'categories' => $categories ) ) );
PHP
}

make_site() {
  [ -e "$STATE/site.json" ] && return 0
  say "making the site"
  write_files
  sql -e 'DROP DATABASE IF EXISTS wordpress; CREATE DATABASE wordpress CHARACTER SET utf8mb4'
  php -d memory_limit=256M "$STATE/install.php" "$STATE" "$(<"$STATE/url")" >&2
  [ -e "$STATE/site.json" ] || die 5 "WordPress could not be installed"
}

choose_address() {
  local port=${SYNCD_PORTAL_PORT:-0}
  [ "$port" != 0 ] || port=$(php -r '$s = stream_socket_server("tcp://127.0.0.1:0"); echo substr(strrchr(stream_socket_get_name($s, false), ":"), 1);')
  echo "http://127.0.0.1:$port" >"$STATE/url"
}

web_answers() { curl -fsS --max-time 5 -o /dev/null "$(<"$STATE/url")/wp-json/"; }

start_web() {
  running web && return 0
  # a free port may be taken by somebody else before PHP takes it: then another one is tried
  local tries=1; [ "${SYNCD_PORTAL_PORT:-0}" != 0 ] || tries=5
  while [ $tries -gt 0 ]; do
    choose_address
    local url; url=$(<"$STATE/url")
    PHP_CLI_SERVER_WORKERS=${SYNCD_PORTAL_WORKERS:-4} launch web php -d memory_limit=256M -d upload_max_filesize=32M \
      -d post_max_size=40M -d display_errors=0 -S "${url#http://}" -t "$STATE/www" "$STATE/router.php"
    await web web_answers && return 0
    end web
    tries=$((tries - 1))
  done
  die 5 "the web server did not start"
}

report() { # true | false
  php -r 'list(, $state, $running) = $argv; $site = json_decode((string) @file_get_contents("$state/site.json"), true) ?: array();
    echo json_encode(array("kind" => "wordpress", "running" => $running === "true", "base_url" => trim((string) @file_get_contents("$state/url")),
    "state" => $state) + $site, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_PRETTY_PRINT), "\n";' "$STATE" "$1"
}

start() {
  install_packages
  exec 9>"$STATE/lock"; flock 9  # a second start at the same time waits, and finds it running
  start_database
  [ -e "$STATE/url" ] || choose_address  # the installation wants some address
  make_site
  start_web
  report true
}

stop() { end web; end database; }

case ${1:-} in
  start) start ;;
  status) if running web && running database && web_answers; then report true; else report false; exit 3; fi ;;
  stop) stop ;;
  reset) stop; rm -rf "$STATE/www" "$STATE/site.json"; start ;;
  destroy) stop; rm -rf "$STATE" ;;
  *) sed -n '2,18s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
