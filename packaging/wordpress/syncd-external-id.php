<?php
/**
 * Plugin Name:       syncd external id
 * Description:       Lets a program that carries posts here by the REST API give each post and each file an id of its own, find it again by that id, and never make it twice. Without settings; nothing is shown to visitors.
 * Version:           1.0
 * Requires at least: 5.6
 * Requires PHP:      7.0
 * License:           Apache-2.0
 *
 * Installation: copy this one file into wp-content/mu-plugins/ (make the folder where it is missing), or zip it and upload it under
 * Plugins. Removing it loses nothing: the ids stay in the table of post meta.
 *
 *   POST /wp/v2/posts {"syncd_external_id": "syncd-…", …}    201; or 409 `syncd_exists` with data.existing_id when that id is taken;
 *                                                            503 `syncd_busy` when another request is making it just now
 *   POST /wp/v2/media?syncd_external_id=syncd-…              the same, before the file is stored
 *   GET  /wp/v2/posts?syncd_external_id=syncd-…&status=…     the posts with that id (media alike)
 *   GET  /syncd/v1/external-id                               whether this works here, for accounts that may edit posts
 *
 * A post that bears the id only as a comment in its text (<!-- id -->), because it was made before this file was installed, counts as
 * having it. The id is set when a post is made, and never changed.
 *
 * @package syncd
 */

defined( 'ABSPATH' ) || exit;

if ( ! class_exists( 'Syncd_External_Id' ) ) {

	/** The id, its look-up, and the lock that makes "look, then create" one step. */
	final class Syncd_External_Id {

		const VERSION = 1;
		const META    = '_syncd_external_id';
		const NAME    = 'syncd_external_id';
		const WAIT_S  = 20;
		const FORM    = '/^syncd-[A-Za-z0-9._-]{8,90}$/D';
		const MARKER  = '/<!--\s*(syncd-[A-Za-z0-9._-]{8,90})\s*-->/';

		/** Post type => collection of the REST API. */
		const TYPES = array(
			'post'       => 'posts',
			'attachment' => 'media',
		);

		/** Locks this request holds, by name. */
		private static $held = array();

		/** Puts everything in its place. */
		public static function register() {
			add_action( 'rest_api_init', array( __CLASS__, 'register_fields' ) );
			add_filter( 'rest_request_before_callbacks', array( __CLASS__, 'before_create' ), 10, 3 );
			// A lock belongs to the connection to the database, which some sites keep open for the next visitor.
			register_shutdown_function( array( __CLASS__, 'unlock' ) );
		}

		/** The field, the query parameter, and the announcement. */
		public static function register_fields() {
			$schema = array(
				'description' => 'The id that another program gave to this object.',
				'type'        => 'string',
				'context'     => array( 'edit' ),
			);
			foreach ( array_keys( self::TYPES ) as $type ) {
				register_rest_field(
					$type,
					self::NAME,
					array(
						'get_callback'    => array( __CLASS__, 'shown' ),
						'update_callback' => array( __CLASS__, 'unchanged' ),
						'schema'          => $schema,
					)
				);
				add_filter( "rest_{$type}_collection_params", array( __CLASS__, 'add_parameter' ) );
				add_filter( "rest_{$type}_query", array( __CLASS__, 'narrow' ), 10, 2 );
				// First of all, so that no other code of the site ever sees the new post without its id.
				add_action( "rest_insert_{$type}", array( __CLASS__, 'inserted' ), 0, 3 );
			}
			register_rest_route(
				'syncd/v1',
				'/external-id',
				array(
					'methods'             => 'GET',
					'callback'            => array( __CLASS__, 'announce' ),
					'permission_callback' => array( __CLASS__, 'may_edit' ),
				)
			);
		}

		/** Whether the account may know of posts that are not public. */
		public static function may_edit() {
			return current_user_can( 'edit_posts' );
		}

		/** What works here: without locks of the database (SQLite, some clusters) nothing is promised. */
		public static function announce() {
			global $wpdb;
			$name   = 'syncd:' . md5( uniqid( '', true ) );
			$quiet  = $wpdb->suppress_errors( true );
			$atomic = '1' === (string) $wpdb->get_var( $wpdb->prepare( 'SELECT GET_LOCK(%s, 0)', $name ) );
			if ( $atomic ) {
				$wpdb->get_var( $wpdb->prepare( 'SELECT RELEASE_LOCK(%s)', $name ) );
			}
			$wpdb->suppress_errors( $quiet );
			return array(
				'version' => self::VERSION,
				'atomic'  => $atomic,
				'types'   => array_values( self::TYPES ),
			);
		}

		/** The id of an object of the REST API. */
		public static function shown( $item ) {
			return (string) get_post_meta( (int) $item['id'], self::META, true );
		}

		/** An id given with an edit: taken as said when it is the one that stands, refused when it is another. */
		public static function unchanged( $value, $post ) {
			if ( (string) get_post_meta( $post->ID, self::META, true ) === (string) $value ) {
				return true;
			}
			return new WP_Error( 'syncd_fixed', 'An external id is set when the object is made, and never changed.', array( 'status' => 400 ) );
		}

		/** Lets collections be asked for one id. */
		public static function add_parameter( $params ) {
			$params[ self::NAME ] = array(
				'description' => 'Only objects with this external id.',
				'type'        => 'string',
				'pattern'     => '^syncd-[A-Za-z0-9._-]{8,90}$',
			);
			return $params;
		}

		/** Narrows a collection to the objects with the id that is asked for. */
		public static function narrow( $args, $request ) {
			if ( ! is_string( $request[ self::NAME ] ) || '' === $request[ self::NAME ] ) {
				return $args;
			}
			if ( ! self::may_edit() ) {
				$args['post__in'] = array( 0 );
				return $args;
			}
			$found            = self::find( $args['post_type'] ?? 'post', $request[ self::NAME ] );
			$args['post__in'] = $found ? $found : array( 0 );
			return $args;
		}

		/** Refuses to make a second object with an id, before anything of it is stored. */
		public static function before_create( $response, $handler, $request ) {
			if ( is_wp_error( $response ) || 'POST' !== $request->get_method() ) {
				return $response;
			}
			if ( ! preg_match( '#^/wp/v2/(posts|media)/?$#D', $request->get_route(), $route ) ) {
				return $response;
			}
			$type = array_search( $route[1], self::TYPES, true );
			$id   = $request->get_param( self::NAME );
			// Who may not make such an object is refused by WordPress itself, and learns nothing here.
			if ( null === $id || '' === $id || ! current_user_can( get_post_type_object( $type )->cap->create_posts ) ) {
				return $response;
			}
			if ( ! is_string( $id ) || ! preg_match( self::FORM, $id ) ) {
				return new WP_Error( 'syncd_invalid', 'An external id is syncd- and 8 to 90 letters, digits and . _ -', array( 'status' => 400 ) );
			}
			if ( ! self::lock( $type, $id ) ) {
				return new WP_Error( 'syncd_busy', 'Another request is making the object with this external id.', array( 'status' => 503 ) );
			}
			$found = self::find( $type, $id );
			if ( ! $found ) {
				return $response;
			}
			return new WP_Error(
				'syncd_exists',
				'An object with this external id exists.',
				array(
					'status'      => 409,
					'existing_id' => $found[0],
				)
			);
		}

		/** Keeps the id with a new object, before the answer is made. */
		public static function inserted( $post, $request, $creating ) {
			$id = $request->get_param( self::NAME );
			if ( $creating && is_string( $id ) && preg_match( self::FORM, $id ) ) {
				add_post_meta( $post->ID, self::META, $id, true );
			}
		}

		/** The objects with an id in any state, the trash included, the one made first in front. */
		private static function find( $type, $id ) {
			global $wpdb;
			$kept = $wpdb->get_col(
				$wpdb->prepare(
					"SELECT p.ID FROM {$wpdb->postmeta} m JOIN {$wpdb->posts} p ON p.ID = m.post_id
					 WHERE m.meta_key = %s AND m.meta_value = %s AND p.post_type = %s AND p.post_status <> 'auto-draft' ORDER BY p.ID",
					self::META,
					$id,
					$type
				)
			);
			if ( ! $kept && 'post' === $type ) {
				$rows = $wpdb->get_results(
					$wpdb->prepare(
						"SELECT p.ID, p.post_content FROM {$wpdb->posts} p
						 LEFT JOIN {$wpdb->postmeta} m ON m.post_id = p.ID AND m.meta_key = %s
						 WHERE p.post_type = %s AND p.post_status <> 'auto-draft' AND m.post_id IS NULL AND p.post_content LIKE %s ORDER BY p.ID",
						self::META,
						$type,
						'%' . $wpdb->esc_like( $id ) . '%'
					)
				);
				foreach ( $rows as $row ) {
					// The last one counts: a text that was quoted may bring its own.
					if ( preg_match_all( self::MARKER, $row->post_content, $marks ) && end( $marks[1] ) === $id ) {
						$kept[] = $row->ID;
					}
				}
			}
			return array_map( 'intval', $kept );
		}

		/** Has the id to ourselves until the request ends; false when another request keeps it. */
		private static function lock( $type, $id ) {
			global $wpdb;
			// Names are the whole server's: another site on it must not wait for ours.
			$name = 'syncd:' . md5( implode( '|', array( DB_NAME, $wpdb->prefix, $type, $id ) ) );
			if ( '1' !== (string) $wpdb->get_var( $wpdb->prepare( 'SELECT GET_LOCK(%s, %d)', $name, self::WAIT_S ) ) ) {
				return false;
			}
			self::$held[] = $name;
			return true;
		}

		/** Lets go of what this request held. */
		public static function unlock() {
			global $wpdb;
			foreach ( self::$held as $name ) {
				$wpdb->get_var( $wpdb->prepare( 'SELECT RELEASE_LOCK(%s)', $name ) );
			}
			self::$held = array();
		}
	}

	Syncd_External_Id::register();
}
